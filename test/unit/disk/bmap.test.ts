import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { bmapVerifier, createBmap, decodeBmap, encodeBmap } from '../../../src/disk/bmap.ts';
import { verifyBmap } from '../../support/verify-bmap.ts';
import { payload } from './fat/trees.ts';

const image = Buffer.alloc(10 * 4096 + 100);
image.set(payload(5000, 1), 4096);
image.set(payload(100, 2), 10 * 4096);
const extents = [
  { offset: 4096, length: 5000 },
  { offset: 10 * 4096, length: 100 },
];
const bmap = createBmap(memoryDevice(image), extents);

describe('a bmap', () => {
  test('names whole blocks, the last one cut at the end of the image', () => {
    expect(bmap.ranges.map(({ offset, length }) => [offset, length])).toEqual([
      [4096, 8192],
      [40960, 100],
    ]);
    const text = encodeBmap(bmap);
    expect(text).toContain('<ImageSize> 41060 </ImageSize>');
    expect(text).toContain('<BlocksCount> 11 </BlocksCount>');
    expect(text).toContain('<MappedBlocksCount> 3 </MappedBlocksCount>');
    expect(text).toMatch(/<Range chksum="[0-9a-f]{64}"> 1-2 <\/Range>/);
    expect(text).toMatch(/<Range chksum="[0-9a-f]{64}"> 10 <\/Range>/);
  });

  test('ends ranges at the first block after a cut, and has the right hash of what an image has twice', () => {
    const second = 32_768;
    const whole = Buffer.alloc(2 * second);
    for (const at of [0, second]) {
      whole.set(payload(8192, at), at);
      whole.set(payload(20_480, 7), at + 8192);
    }
    const extents = [0, second].map((offset) => ({ offset, length: 28_672 }));
    const cuts = [second + 6000, 6000, 0, 28_672, 2 ** 30];
    const sha256 = (from: number, to: number) =>
      createHash('sha256').update(whole.subarray(from, to)).digest('hex');
    const expectRanges = () => {
      const { ranges } = createBmap(memoryDevice(whole), extents, cuts);
      expect(ranges).toEqual(
        [0, 8192, second, second + 8192].map((offset, index) => {
          const length = index % 2 === 0 ? 8192 : 20_480;
          return { offset, length, sha256: sha256(offset, offset + length) };
        }),
      );
      return ranges;
    };
    const [, one, , other] = expectRanges();
    expect(other?.sha256).toBe(one?.sha256);
    // The last byte of what is nearly the same.
    whole[second + 28_671]! ^= 1;
    expectRanges();
  });

  test('is read back as it was written', () => {
    expect(decodeBmap(encodeBmap(bmap))).toEqual(bmap);
  });

  test('finds the first range of an image that is another', () => {
    const copy = Buffer.from(image);
    verifyBmap(memoryDevice(copy), bmap);
    copy[4096] = copy[4096]! ^ 1;
    expect(() => verifyBmap(memoryDevice(copy), bmap)).toThrow(
      /^bytes 4096 to 12287: expected SHA-256 [0-9a-f]{64}, found /,
    );
  });

  test('takes its ranges in parts, and none in another order', () => {
    const part = (offset: number, length: number) =>
      [{ offset, length }, image.subarray(offset, offset + length)] as const;
    const verify = bmapVerifier(bmap);
    verify(...part(4096, 5000));
    verify(...part(9096, 3192));
    verify(...part(40960, 100));
    const mistakes: (readonly [number, number])[][] = [
      [[40960, 100]],
      [[4096, 9000]],
      [
        [4096, 100],
        [4097, 100],
      ],
    ];
    for (const mistake of mistakes) {
      const wrong = bmapVerifier(bmap);
      const all = () => {
        for (const [offset, length] of mistake) wrong(...part(offset, length));
      };
      expect(all).toThrow(/^expected the next part of range 0, found \d+ bytes at \d+$/);
    }
  });

  test('is refused after any change of its text', () => {
    const text = encodeBmap(bmap);
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom(...'0123456789abcdef <>/"'),
        (at, char) => {
          fc.pre(text[at] !== char);
          const changed = text.slice(0, at) + char + text.slice(at + 1);
          expect(() => decodeBmap(changed)).toThrow(TwinbankError);
        },
      ),
    );
  });

  test.each([
    ['bmap.format', 'nothing', 'expected a <bmap version="..."> element, found none'],
    [
      'bmap.version',
      '<bmap version="1.4">',
      'expected a block map of version 2.0, found one of version 1.4; bmaptool create makes one',
    ],
    ['bmap.format', '<bmap version="2.0">', 'expected one <ChecksumType>, found none'],
  ])('is refused as %s where it is %j', (code, text, message) => {
    expect(() => decodeBmap(text)).toThrow(
      expect.objectContaining({ kind: 'corrupt', code, message: expect.stringContaining(message) }),
    );
  });
});
