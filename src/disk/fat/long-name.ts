import { TwinbankError } from '../../diagnostics/error.ts';
import { attribute, entrySize } from './dir-entry.ts';

const unitsPerEntry = 13;
const maxUnits = 255;
const lastFlag = 0x40;
/** Where the 13 UTF-16 units of a name stand in a long entry (FAT spec 1.03 section 7). */
const unitOffsets = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30] as const;

/** Binds long entries to their short one (FAT spec 1.03 section 7.2). */
export function shortNameChecksum(shortName: Uint8Array): number {
  let sum = 0;
  for (const byte of shortName) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  return sum;
}

/** How many long entries a name takes. */
export function longEntryCount(name: string): number {
  return Math.ceil(name.length / unitsPerEntry);
}

/** The long entries of a name, last part first as they stand on disk (FAT spec 1.03 section 7). */
export function encodeLongName(name: string, checksum: number): Uint8Array {
  const count = longEntryCount(name);
  const bytes = new Uint8Array(count * entrySize);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index++) {
    const order = count - index;
    const offset = index * entrySize;
    bytes[offset] = order | (index === 0 ? lastFlag : 0);
    bytes[offset + 11] = attribute.longName;
    bytes[offset + 13] = checksum;
    for (const [position, unitOffset] of unitOffsets.entries()) {
      const unit = (order - 1) * unitsPerEntry + position;
      const code = unit < name.length ? name.charCodeAt(unit) : unit === name.length ? 0 : 0xffff;
      view.setUint16(offset + unitOffset, code, true);
    }
  }
  return bytes;
}

/** One long entry as it was read. */
export interface LongPart {
  /** From 1: which part of the name this is. */
  readonly order: number;
  readonly isLast: boolean;
  readonly checksum: number;
  readonly text: string;
}

export function decodeLongPart(bytes: Uint8Array, offset: number): LongPart {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, entrySize);
  let text = '';
  for (const unitOffset of unitOffsets) {
    const code = view.getUint16(unitOffset, true);
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  const first = view.getUint8(0);
  return {
    order: first & 0x3f,
    isLast: (first & lastFlag) !== 0,
    checksum: view.getUint8(13),
    text,
  };
}

/** Joins the parts that stood before a short entry; undefined where they are not a whole name of it. */
export function joinLongName(
  parts: readonly LongPart[],
  shortName: Uint8Array,
): string | undefined {
  const checksum = shortNameChecksum(shortName);
  const whole = parts.every(
    (part, index) =>
      part.order === parts.length - index &&
      part.isLast === (index === 0) &&
      part.checksum === checksum,
  );
  if (parts.length === 0 || !whole) return undefined;
  const name = parts
    .map((part) => part.text)
    .reverse()
    .join('');
  return name.length <= maxUnits ? name : undefined;
}

/** Whether FAT can hold a name, and everybody reads it as just this name. */
export function isValidName(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= maxUnits &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    !/["*/:<>?\\|\u0000-\u001f\u007f]/.test(name) &&
    !/[. ]$/.test(name) &&
    !/\p{Surrogate}/u.test(name)
  );
}

/** Throws `fat.name` for a name that is empty, too long, or has what FAT or Windows cannot take. */
export function assertName(name: string): void {
  if (isValidName(name)) return;
  throw new TwinbankError(
    'io',
    'fat.name',
    `expected a file name of 1 to ${maxUnits} characters without control characters and "*/:<>?\\|, not ending with a dot or blank, found ${JSON.stringify(name)}`,
  );
}
