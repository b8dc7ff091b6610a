import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assertHeader, decodeHeader, encodeHeader } from '../../../../src/update/bundle/ustar.ts';
import { errorOf } from '../../../support/error-of.ts';

const zeros = (count: number): string => '\0'.repeat(count);

/** By hand from POSIX.1-1988 section 10.1.1; the sum of all bytes, with 8 blanks for itself, is 4611. */
const byHand = Buffer.from(
  [
    `base.json${zeros(91)}`, // name: 899
    '0000644\0', // mode: 350
    '0000000\0', // uid: 336
    '0000000\0', // gid: 336
    '00000000003\0', // size: 531
    '00000000000\0', // mtime: 528
    '011003\0 ', // chksum: 256 as blanks
    '0', // typeflag: 48
    zeros(100), // linkname
    'ustar\0', // magic: 559
    '00', // version: 96
    zeros(32), // uname
    zeros(32), // gname
    '0000000\0', // devmajor: 336
    '0000000\0', // devminor: 336
    zeros(155), // prefix
    zeros(12),
  ].join(''),
  'latin1',
);

/** Every field and where it begins, from the table of the standard. */
const offsets: Record<string, number> = {
  name: 0,
  mode: 100,
  uid: 108,
  gid: 116,
  size: 124,
  mtime: 136,
  chksum: 148,
  typeflag: 156,
  linkname: 157,
  magic: 257,
  version: 263,
  uname: 265,
  gname: 297,
  devmajor: 329,
  devminor: 337,
  prefix: 345,
  padding: 500,
};
const fieldAt = (offset: number): string =>
  Object.keys(offsets).findLast((name) => offsets[name]! <= offset)!;

const changed = (offset: number, text: string): Buffer => {
  const bytes = Buffer.from(byHand);
  bytes.write(text, offset, 'latin1');
  return bytes;
};

describe('the header of a file in a bundle', () => {
  test('has these 512 bytes', () => {
    const header = encodeHeader({ path: 'base.json', bytes: 3 });
    expect(Buffer.from(header).toString('latin1')).toBe(byHand.toString('latin1'));
    expect(decodeHeader(byHand)).toEqual({ path: 'base.json', bytes: 3 });
  });

  test('says the same after it was read, whatever it says', () => {
    const character = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const path = fc.string({ unit: character, minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(path, fc.nat(8 ** 11 - 1), (name, bytes) => {
        const file = { path: name, bytes };
        expect(decodeHeader(encodeHeader(file))).toEqual(file);
      }),
    );
  });

  test('holds names of 100 characters and sizes of 8 GiB less one', () => {
    const file = { path: 'n'.repeat(100), bytes: 8 ** 11 - 1 };
    const header = Buffer.from(encodeHeader(file));
    expect(header.toString('latin1', 0, 108)).toBe(`${'n'.repeat(100)}0000644\0`);
    expect(header.toString('latin1', 124, 136)).toBe('77777777777\0');
    expect(decodeHeader(header)).toEqual(file);
  });

  test.each([
    { path: '', bytes: 0 },
    { path: 'n'.repeat(101), bytes: 0 },
    { path: 'a b', bytes: 0 },
    { path: 'ä', bytes: 0 },
    { path: 'a', bytes: 8 ** 11 },
    { path: 'a', bytes: -1 },
    { path: 'a', bytes: 0.5 },
  ])('cannot be made for %j', (file) => {
    expect(() => encodeHeader(file)).toThrow(RangeError);
  });

  test('is refused with any bit flipped, naming its field or the checksum', () => {
    for (let bit = 0; bit < 512 * 8; bit++) {
      const bytes = Buffer.from(byHand);
      const offset = bit >> 3;
      bytes[offset]! ^= 1 << (bit & 7);
      // A name and a size that are as good leave the checksum wrong.
      const field = fieldAt(offset);
      const allowed = field === 'name' || field === 'size' ? [field, 'chksum'] : [field];
      const decoding = errorOf(() => decodeHeader(bytes));
      expect(decoding).toMatchObject({ kind: 'corrupt', code: 'bundle.header' });
      expect(allowed).toContain(decoding.data.field);
      const comparing = errorOf(() => assertHeader(bytes, { path: 'base.json', bytes: 3 }));
      expect(comparing.data.field).toBe(field);
    }
  });

  test.each([
    [
      'other permissions',
      100,
      '0000755',
      'expected "0000644" in the tar header\'s field mode, found "0000755"',
    ],
    [
      'an owner',
      108,
      '0001750',
      'expected "0000000" in the tar header\'s field uid, found "0001750"',
    ],
    [
      'a size in base 256',
      124,
      '\x80',
      'expected 11 octal digits in the tar header\'s field size, found "\\u0080',
    ],
    ['a size with blanks', 124, '          3', 'field size, found "          3'],
    ['a time', 136, '14000000000', 'field mtime, found "14000000000"'],
    ['another type', 156, '5', 'expected "0" in the tar header\'s field typeflag, found "5"'],
    ['the magic of GNU tar', 257, 'ustar  ', 'field magic, found "ustar "'],
    [
      'the name of an owner',
      265,
      'root',
      'expected "" in the tar header\'s field uname, found "root"',
    ],
    ['a prefix', 345, 'modules', 'expected "" in the tar header\'s field prefix, found "modules"'],
    [
      'a name that goes on after its end',
      12,
      'x',
      'field name, found "base.json\\u0000\\u0000\\u0000x"',
    ],
    [
      'no name',
      0,
      '\0',
      'expected 1 to 100 characters of printable ASCII in the tar header\'s field name, found ""',
    ],
  ])('is refused with %s', (_what, offset, text, message) => {
    expect(errorOf(() => decodeHeader(changed(offset, text))).message).toContain(message);
  });

  test('is 512 bytes long', () => {
    expect(() => decodeHeader(byHand.subarray(0, 511))).toThrow(RangeError);
    expect(() => decodeHeader(Buffer.concat([byHand, byHand]))).toThrow(RangeError);
  });
});
