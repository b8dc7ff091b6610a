import { escapeXml } from '../../diagnostics/xml-text.ts';
import type { SimpleType } from './type-table.ts';
import { describe, integerRanges, isWireDate, type VimValue, wrongValue } from './value.ts';

/** The text of a simple value, escaped. Throws `vim.value` where the value is not of that type. */
export function writeSimple(type: SimpleType, value: VimValue, place: string): string {
  switch (type) {
    case 'anyType':
      break;
    case 'boolean':
      if (typeof value === 'boolean') return String(value);
      break;
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
      return writeInteger(type, value, place);
    case 'float':
    case 'double':
      if (typeof value === 'number') return writeFloat(value);
      break;
    case 'dateTime':
      if (value instanceof Date && isWireDate(value)) return value.toISOString();
      break;
    case 'base64Binary':
      if (value instanceof Uint8Array) {
        return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
      }
      break;
    default:
      if (typeof value === 'string') return escapeXml(value);
  }
  throw wrongValue(place, type, describe(value));
}

function writeInteger(type: keyof typeof integerRanges, value: VimValue, place: string): string {
  const [least, most] = integerRanges[type];
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))) {
    if (value >= least && value <= most) return String(value);
  }
  throw wrongValue(place, `${type} (${least} to ${most})`, describe(value));
}

/** As XML Schema has it. */
function writeFloat(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'INF' : '-INF';
}
