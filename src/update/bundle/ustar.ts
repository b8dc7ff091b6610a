import { TwinbankError } from '../../diagnostics/error.ts';
import { quote } from '../../diagnostics/quote.ts';

export interface UstarHeader {
  /** 1 to 100 characters of printable ASCII without blanks. */
  readonly path: string;
  /** Of the content that follows, at most 8 GiB - 1. */
  readonly bytes: number;
}

export const headerBytes = 512;

const pathPattern = /^[!-~]{1,100}$/;
/** What eleven octal digits hold. */
const maxBytes = 8 ** 11 - 1;

/** The fields of a header in order, without gaps (POSIX.1-1988 section 10.1.1, "Extended tar Format"). */
const fields = {
  name: 100,
  mode: 8,
  uid: 8,
  gid: 8,
  size: 12,
  mtime: 12,
  chksum: 8,
  typeflag: 1,
  linkname: 100,
  magic: 6,
  version: 2,
  uname: 32,
  gname: 32,
  devmajor: 8,
  devminor: 8,
  prefix: 155,
  padding: 12,
} as const;
type Field = keyof typeof fields;
const fieldNames = Object.keys(fields) as Field[];

function offsetOf(name: Field): number {
  const before = fieldNames.slice(0, fieldNames.indexOf(name));
  return before.reduce((sum, field) => sum + fields[field], 0);
}
const sizeAt = offsetOf('size');
const checksumAt = offsetOf('chksum');

/** Everything that is the same in each header, the checksum blank as it counts; device numbers as GNU tar has them. */
const template = Buffer.alloc(headerBytes);
for (const [name, text] of [
  ['mode', '0000644\0'],
  ['uid', '0000000\0'],
  ['gid', '0000000\0'],
  ['mtime', '00000000000\0'],
  ['chksum', ' '.repeat(8)],
  ['typeflag', '0'],
  ['magic', 'ustar\0'],
  ['version', '00'],
  ['devmajor', '0000000\0'],
  ['devminor', '0000000\0'],
] as const) {
  template.write(text, offsetOf(name), 'latin1');
}
const templateSum = sumOf(template);

/**
 * The header of a plain file in the one form that a bundle has: mode 0644, owner, group and time 0, no names,
 * no prefix. It is what GNU tar writes with `--format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0
 * --mode=0644`. Throws a RangeError for what a header cannot hold.
 */
export function encodeHeader({ path, bytes }: UstarHeader): Uint8Array {
  if (!pathPattern.test(path)) throw new RangeError(`no name for a tar: ${quote(path)}`);
  if (!Number.isInteger(bytes) || bytes < 0 || bytes > maxBytes) {
    throw new RangeError(`no size for a tar: ${bytes}`);
  }
  const header = Buffer.from(template);
  header.write(path, 0, 'latin1');
  header.write(octal(bytes, 11), sizeAt, 'latin1');
  const sum =
    templateSum +
    sumOf(header.subarray(0, path.length)) +
    sumOf(header.subarray(sizeAt, sizeAt + 11));
  header.write(`${octal(sum, 6)}\0 `, checksumAt, 'latin1');
  return header;
}

/**
 * The header's name and size. Throws `bundle.header` (kind `corrupt`), naming the first field that is not as
 * {@link encodeHeader} would have written it. Takes exactly 512 bytes.
 */
export function decodeHeader(bytes: Uint8Array): UstarHeader {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = header.indexOf(0);
  const path = header.toString('latin1', 0, end < 0 || end > 100 ? 100 : end);
  if (!pathPattern.test(path)) {
    throw refusal('name', '1 to 100 characters of printable ASCII', quote(path));
  }
  const size = header.toString('latin1', sizeAt, sizeAt + 12);
  if (!/^[0-7]{11}\0$/.test(size)) throw refusal('size', '11 octal digits', quote(size));
  const decoded = { path, bytes: Number.parseInt(size, 8) };
  assertHeader(bytes, decoded);
  return decoded;
}

/** Throws `bundle.header` unless `found` is the header of just this file; the same as {@link decodeHeader}. */
export function assertHeader(found: Uint8Array, file: UstarHeader): void {
  if (found.length !== headerBytes) throw new RangeError(`a header of ${found.length} bytes`);
  const expected = encodeHeader(file);
  if (Buffer.compare(expected, found) === 0) return;
  const differs = (name: Field): boolean => fieldOf(expected, name) !== fieldOf(found, name);
  // The checksum differs as well wherever something else does, and says nothing of it.
  const [first = 'chksum'] = fieldNames.filter((name) => name !== 'chksum' && differs(name));
  throw refusal(first, show(fieldOf(expected, first)), show(fieldOf(found, first)));
}

function refusal(field: Field, expected: string, found: string): TwinbankError {
  const message = `expected ${expected} in the tar header's field ${field}, found ${found}`;
  return new TwinbankError('corrupt', 'bundle.header', message, { data: { field } });
}

/** Its bytes as text. */
function fieldOf(header: Uint8Array, name: Field): string {
  const start = offsetOf(name);
  return Buffer.from(header.subarray(start, start + fields[name])).toString('latin1');
}

/** Without the zeros at the end, of which most fields have many. */
function show(field: string): string {
  return quote(field.replace(/\0+$/, ''));
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) sum += bytes[at] ?? 0;
  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
