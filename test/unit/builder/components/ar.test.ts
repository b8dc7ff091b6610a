import { expect, test } from 'vitest';
import { readArMembers } from '../../../../src/builder/components/ar.ts';
import { packAr } from './pack-ar.ts';

function members(bytes: Uint8Array, total = bytes.length) {
  return readArMembers((offset, length) => bytes.subarray(offset, offset + length), total, 'x.deb');
}

// By hand from deb(5): magic, header of 60 bytes, odd sizes padded by a newline.
const byHand = Buffer.from(
  '!<arch>\n' +
    'debian-binary   1700000000  0     0     100644  3         `\n' +
    '2.0\n' +
    'data.tar.xz/    0           0     0     100644  2         `\n' +
    'ab',
);

test('the members of a container written by hand are found at their offsets', () => {
  expect(members(byHand)).toEqual([
    { name: 'debian-binary', offset: 68, size: 3 },
    { name: 'data.tar.xz', offset: 132, size: 2 },
  ]);
});

test('a packed container has the bytes that were put into it', () => {
  const parts = [
    { name: 'one', data: Buffer.from('odd') },
    { name: 'two', data: Buffer.alloc(0) },
    { name: 'three', data: Buffer.from('even') },
  ];
  const packed = packAr(parts);
  expect(packed.length % 2).toBe(0);
  const read = members(packed).map(({ name, offset, size }) => ({
    name,
    data: Buffer.from(packed.subarray(offset, offset + size)),
  }));
  expect(read).toEqual(parts);
});

test.each([
  ['that is empty', byHand.subarray(0, 0), 'ar.magic'],
  ['with another magic', Buffer.from('!<thin>\n'), 'ar.magic'],
  ['cut inside a header', byHand.subarray(0, 100), 'ar.truncated'],
  ['cut inside a member', byHand.subarray(0, 133), 'ar.truncated'],
  ['with a size that is no number', patched(byHand, 56, '0x3'), 'ar.header'],
  ['with a negative size', patched(byHand, 56, '-3 '), 'ar.header'],
  ['with a header that does not end as one', patched(byHand, 66, '??'), 'ar.header'],
])('a container %s is refused', (_, bytes, code) => {
  expect(() => members(bytes)).toThrow(expect.objectContaining({ kind: 'corrupt', code }));
});

function patched(bytes: Buffer, offset: number, text: string): Buffer {
  const copy = Buffer.from(bytes);
  copy.write(text, offset, 'latin1');
  return copy;
}
