import type { SimpleType } from './type-table.ts';
import { integerRanges, isWireDate, type VimValue, wrongValue } from './value.ts';

const dateTime =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)?$/;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/;

/**
 * The value of an element's text. A date without a zone is UTC; of its second the milliseconds are kept. Throws
 * `vim.value` where it is not of that type.
 */
export function readSimple(type: SimpleType, text: string, place: string): VimValue {
  const word = text.trim();
  switch (type) {
    case 'boolean':
      if (word === 'true' || word === '1') return true;
      if (word === 'false' || word === '0') return false;
      break;
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
      return readInteger(type, word, place);
    case 'float':
    case 'double':
      if (decimal.test(word)) return Number(word);
      if (word === 'NaN') return Number.NaN;
      if (word === 'INF') return Number.POSITIVE_INFINITY;
      if (word === '-INF') return Number.NEGATIVE_INFINITY;
      break;
    case 'dateTime': {
      const date = readDate(word);
      if (date) return date;
      break;
    }
    case 'base64Binary': {
      const packed = text.replace(/\s+/g, '');
      const bytes = Buffer.from(packed, 'base64');
      if (bytes.toString('base64') === packed) return new Uint8Array(bytes);
      break;
    }
    case 'anyType':
      throw wrongValue(place, 'xsi:type', 'none');
    default:
      return text;
  }
  throw wrongValue(place, type, JSON.stringify(text));
}

function readInteger(type: keyof typeof integerRanges, word: string, place: string): VimValue {
  const [least, most] = integerRanges[type];
  // No number of the ranges is longer; BigInt of a million digits would take its time.
  if (/^[+-]?\d{1,32}$/.test(word)) {
    const value = BigInt(word.replace(/^\+/, ''));
    if (value >= least && value <= most) return type === 'long' ? value : Number(value);
  }
  throw wrongValue(place, `${type} (${least} to ${most})`, JSON.stringify(word));
}

function readDate(word: string): Date | undefined {
  const [found, fraction = ''] = dateTime.exec(word) ?? [];
  if (found === undefined) return undefined;
  const zone = /(?:Z|[+-]\d\d:\d\d)$/.exec(word)?.[0] ?? 'Z';
  const seconds = word.slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
  const date = new Date(`${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}${zone}`);
  return !Number.isNaN(date.getTime()) && isRealDay(word) && isWireDate(date) ? date : undefined;
}

/** Date takes 30 February for 2 March. */
function isRealDay(word: string): boolean {
  const day = new Date(`${word.slice(0, 10)}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(word.slice(0, 10));
}
