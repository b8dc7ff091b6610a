import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rearrange } from '../../../src/coredump/flattened.ts';

/** As makedumpfile's README and IMPLEMENTATION have it. */
function flatten(pieces: readonly (readonly [offset: number, bytes: Uint8Array])[]): Buffer {
  const head = Buffer.alloc(4096);
  head.write('makedumpfile', 0, 'latin1');
  head.writeBigInt64BE(1n, 16);
  head.writeBigInt64BE(1n, 24);
  const pair = (offset: number, length: number): Buffer => {
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64BE(BigInt(offset), 0);
    bytes.writeBigInt64BE(BigInt(length), 8);
    return bytes;
  };
  const parts = pieces.flatMap(([offset, bytes]) => [pair(offset, bytes.length), bytes]);
  return Buffer.concat([head, ...parts, pair(-1, -1)]);
}

/** What comes of the bytes, given in chunks of a size. */
function put(bytes: Uint8Array, chunk: number, limit = 4096) {
  const out = Buffer.alloc(limit);
  const rearranging = rearrange(limit, (offset, piece) => void out.set(piece, offset));
  for (let at = 0; at < bytes.length; at += chunk)
    rearranging.write(bytes.subarray(at, at + chunk));
  return { out, whole: rearranging.isWhole() };
}

describe('I5: a flattened dump', () => {
  const flat = flatten([
    [100, Buffer.from('second')],
    [0, Buffer.from('first')],
    [100, Buffer.from('SEC')],
  ]);

  it('is put in order, what comes later over what came before, whatever chunks it comes in', () => {
    const expected = Buffer.alloc(4096);
    expected.write('first', 0);
    expected.write('SECond', 100);
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 6000 }), (chunk) => {
        expect(put(flat, chunk)).toEqual({ out: expected, whole: true });
      }),
    );
  });

  it('is not whole where its end is missing, and what there is is in its place', () => {
    const { out, whole } = put(flat.subarray(0, -20), 512);
    expect(whole).toBe(false);
    expect(out.toString('latin1', 100, 106)).toBe('second');
  });

  it('is refused where it is something else, or a piece is out of its bounds', () => {
    expect(() => put(Buffer.alloc(5000), 512)).toThrow(
      'core dump: expected "makedumpfile", type 1, version 1, found',
    );
    expect(() => put(flatten([[4090, Buffer.alloc(10)]]), 512)).toThrow(
      'core dump: expected a piece within 4096 bytes, found 10 bytes at 4090',
    );
    expect(() => put(flatten([[-5, Buffer.alloc(10)]]), 512)).toThrow('10 bytes at -5');
  });
});
