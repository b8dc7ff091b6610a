import { createHash } from 'node:crypto';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { createBmap, decodeBmap, encodeBmap } from '../../../src/disk/bmap.ts';
import {
  emptyCoredump,
  encodeCoredumpHeader,
  readCoredumpHeader,
} from '../../../src/disk/coredump-header.ts';
import { crc32 } from '../../../src/disk/crc32.ts';
import { verifyBmap } from '../../support/verify-bmap.ts';
import { mutateBytes } from '../byte-mutations.ts';
import { fails } from '../oracle.ts';
import { randomOf } from '../random.ts';
import { type FuzzTarget, takenAs } from '../target.ts';

const partitionBytes = 2 * 2 ** 20 + 65_536;

export const coredump: FuzzTarget = {
  name: 'coredump',
  seeds: () => [
    encodeCoredumpHeader(emptyCoredump),
    encodeCoredumpHeader({
      ...emptyCoredump,
      ...{ state: 'complete', length: 60_000, time: 1_700_000_000, sha256: 'ab'.repeat(32) },
      ...{ build: '1.2.3-400', reason: 'sysrq triggered crash', logLength: 30_000 },
    }),
  ],
  mutate(input, random, other) {
    const bytes = Buffer.from(
      mutateBytes(input, random, other, { fixed: true, record: 8, tokens: ['TWBKDUMP'] }),
    );
    if (!random.once(8)) bytes.writeUInt32LE(crc32(bytes.subarray(0, 508)), 508);
    return bytes;
  },
  run(input) {
    const bytes = new Uint8Array(partitionBytes);
    bytes.set(input.subarray(0, 512));
    const { state, length, build, sha256 } = readCoredumpHeader(memoryDevice(bytes));
    if (!(length >= 0 && length <= 65_536)) fails(`a dump of ${length} bytes`);
    if (build.length > 64 || !/^[0-9a-f]{64}$/.test(sha256))
      fails('a build or hash that cannot be');
    return takenAs(state);
  },
};

const image = new Uint8Array(10 * 4096 + 100);
for (const block of [0, 1, 4, 10]) image.set(randomOf(block).bytes(100), block * 4096);
const device = memoryDevice(image);
const whole = createBmap(
  device,
  [0, 1, 4, 10].map((block) => ({ offset: block * 4096, length: 100 })),
);
const emptyChecksum = '0'.repeat(64);

export const bmap: FuzzTarget = {
  name: 'bmap',
  seeds: () =>
    [encodeBmap(whole), encodeBmap({ ...whole, ranges: [] })].map((text) => Buffer.from(text)),
  traps: () =>
    [
      '<Range ',
      '<bmap ',
      ' ',
      '<Range chksum="',
      '0',
      `<Range chksum="${emptyChecksum}"> 1 </Range>`,
      '<BmapFileChecksum>',
    ].map((piece) =>
      Buffer.from(`<bmap version="2.0">${piece.repeat(Math.floor(2 ** 22 / piece.length))}`),
    ),
  mutate(input, random, other) {
    const tokens = [
      '<Range chksum="',
      '"> 1-3 </Range>',
      ' ',
      '\n',
      '-',
      '0',
      '9'.repeat(15),
      '</ImageSize>',
      '<',
      '>',
      '$&',
      '40960',
    ];
    const bytes = Buffer.from(mutateBytes(input, random, other, { tokens }));
    return random.once(8) ? bytes : mendBmap(bytes);
  },
  run(input) {
    const read = decodeBmap(Buffer.from(input).toString('utf8'));
    let end = 0;
    for (const { offset, length } of read.ranges) {
      if (offset < end || length < 1 || offset + length > read.imageSize)
        fails(`a range at ${offset}`);
      end = offset + length;
    }
    const again = decodeBmap(encodeBmap(read));
    if (JSON.stringify(again) !== JSON.stringify(read)) fails('one bmap in two forms');
    verifyBmap(device, read);
    return takenAs(`${Math.min(read.ranges.length, 5)} ranges`);
  },
  bounds: { inputBytes: 64 * 2 ** 20 },
};

/** So that what was changed is believed. */
function mendBmap(bytes: Buffer): Buffer {
  const text = bytes.toString('utf8');
  const stored = /<BmapFileChecksum>\s{0,9}([0-9A-Za-z]{1,64})\s{0,9}<\//.exec(text)?.[1];
  if (stored === undefined) return bytes;
  const blank = text.replace(stored, emptyChecksum);
  const sum = createHash('sha256').update(blank).digest('hex');
  return Buffer.from(blank.replace(emptyChecksum, sum));
}
