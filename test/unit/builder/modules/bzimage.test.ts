import { describe, expect, it } from 'vitest';
import { findPackedKernel, replacePackedKernel } from '../../../../src/builder/modules/bzimage.ts';

const magic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];

/** Two sectors of real-mode code, 100 bytes of code that unpacks, the packed kernel with its length, more code. */
function image({ length = 40, first = magic } = {}): Buffer {
  const bytes = Buffer.alloc(1024 + 100 + 40 + 60, 0xaa);
  bytes.writeUInt8(1, 0x1f1);
  bytes.write('HdrS', 0x202);
  bytes.writeUInt32LE(100, 0x248);
  bytes.writeUInt32LE(length, 0x24c);
  bytes.set(first, 1124);
  bytes.writeUInt32LE(123_456, 1160);
  return bytes;
}

it('finds the packed kernel by the header', () => {
  expect(findPackedKernel(image())).toEqual({ start: 1124, end: 1164 });
});

it('puts a smaller one in its place, with zeros behind it and nothing else changed', () => {
  const before = image();
  const place = findPackedKernel(before);
  const after = Buffer.from(replacePackedKernel(before, place, Buffer.from('packed')));
  expect(after.length).toBe(before.length);
  expect(after.toString('latin1', 1124, 1160)).toBe('packed'.padEnd(36, '\0'));
  // How long it is unpacked, and what stands before and behind it.
  expect(after.readUInt32LE(1160)).toBe(123_456);
  expect(after.subarray(0, 1124).equals(before.subarray(0, 1124))).toBe(true);
  expect(after.subarray(1160).equals(before.subarray(1160))).toBe(true);
});

it('refuses one that is larger than the place', () => {
  const refused = expect.objectContaining({ code: 'kernel.larger' });
  const place = { start: 1124, end: 1164 };
  expect(() => replacePackedKernel(image(), place, Buffer.alloc(37))).toThrow(refused);
});

describe('an image without a kernel packed by xz', () => {
  it.each([
    ['is no bzImage', Buffer.alloc(2000)],
    ['ends early', image().subarray(0, 0x240)],
    ['says more than it has', image({ length: 4000 })],
    ['is packed by gzip', image({ first: [0x1f, 0x8b, 8, 0, 0, 0] })],
  ])('is refused where it %s', (_, bytes) => {
    const refused = expect.objectContaining({ kind: 'corrupt', code: 'kernel.no-bzimage' });
    expect(() => findPackedKernel(bytes)).toThrow(refused);
  });
});
