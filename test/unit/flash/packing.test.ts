import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { packingBy } from '../../../src/flash/packing.ts';
import { unpack } from '../../../src/host/unpack.ts';

const head = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('the first bytes of a file', () => {
  it.each([
    ['1f8b 0800 0000 0000 0003 0000 00', 'gz'],
    ['fd37 7a58 5a00 0004 e6d6 b446 02', 'xz'],
    ['28b5 2ffd 0458 0000 0000 0000 00', 'zst'],
    // RFC 8878, 3.1.2: 0x184D2A50 to 0x184D2A5F.
    ['502a 4d18 0400 0000 fdc8 2d00 28', 'zst'],
    ['5f2a 4d18 0000 0000 28b5 2ffd 04', 'zst'],
    // .lzma: 256 KiB and 12 MiB of dictionary, a size that is unknown, and one of 1 MiB.
    ['5d00 0004 00ff ffff ffff ffff ff', 'xz'],
    ['5d00 00c0 0000 0010 0000 0000 00', 'xz'],
    // compress, pack, zip; lzip; zstd 0.1 and 0.7; lz4.
    ['1f9d 9041 0000 0000 0000 0000 00', 'gz'],
    ['1f1e 0000 0001 0000 0000 0000 00', 'gz'],
    ['504b 0304 1400 0000 0800 0000 00', 'gz'],
    ['4c5a 4950 010c 0000 0000 0000 00', 'xz'],
    ['fd2f b51e 0000 0000 0000 0000 00', 'zst'],
    ['27b5 2ffd 0000 0000 0000 0000 00', 'zst'],
    ['0422 4d18 6440 a700 0000 0000 00', 'zst'],
    // None: a zstd of no version, a dictionary of 3 MiB + 1, a size of 2^40, a boot sector, less than a magic, nothing.
    ['21b5 2ffd 0000 0000 0000 0000 00', undefined],
    ['5d01 0030 00ff ffff ffff ffff ff', undefined],
    ['5d00 0004 0000 0000 0000 0100 00', undefined],
    ['eb63 9010 8ed0 bc00 b0b8 0000 8e', undefined],
    ['602a 4d18 0400 0000 0000 0000 00', undefined],
    ['fd37 7a58 5a', undefined],
    ['', undefined],
  ])('%s say %s', (bytes, packing) => {
    expect(packingBy(head(bytes))?.by).toBe(packing);
  });
});

describe('a file that is packed by another program', () => {
  it.each([
    ['425a 6839 3141 5926 5359 0000 00', 'bzip2'],
    ['0221 4c18 0000 0000 0000 0000 00', 'lz4 -l'],
    ['377a bcaf 271c 0004 0000 0000 00', '7z'],
  ])('that begins with %s has a name, %s, and nothing that unpacks it', (bytes, name) => {
    expect(packingBy(head(bytes))).toEqual({ name, by: undefined });
  });
});

describe('unpack', () => {
  it('throws what its stream throws, not what a program makes of its end', async () => {
    const broken = Readable.from(
      (async function* () {
        yield head('1f8b 0800 0000 0000 0003');
        throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
      })(),
    );
    const read = async () => {
      for await (const _ of unpack(broken, 'gz'));
    };
    await expect(read()).rejects.toMatchObject({ code: 'EIO' });
  });
});
