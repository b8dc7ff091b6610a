import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { ProgressEvent } from '../../../src/diagnostics/progress.ts';
import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import { copyData } from '../../../src/flash/copy-data.ts';
import { eachChunk } from '../../../src/flash/each-chunk.ts';
import { payload } from '../disk/fat/trees.ts';

const MiB = 2 ** 20;
const bytes = payload(5 * MiB, 1);
const extents = [
  { offset: 512, length: 2 * MiB },
  { offset: 3 * MiB + 512, length: 1000 },
];
const quiet = { task: 'x', report: () => {} };

/** Answers when it is let, and writes down what it was asked and has answered. */
function slowDevice(log: string[]): BlockDevice {
  const device = memoryDevice(Buffer.from(bytes));
  const at = (offset: number) => (offset / MiB).toFixed(0);
  return {
    ...device,
    async readAsync(offset, length, scratch) {
      log.push(`read ${at(offset)}`);
      await pause(1);
      scratch.set(device.read(offset, length));
      log.push(`has read ${at(offset)}`);
      return scratch.subarray(0, length);
    },
    async writeAsync(offset, data) {
      log.push(`write ${at(offset)}`);
      // As long as it writes, nobody may have the memory for something else.
      const before = Buffer.from(data);
      await pause(5);
      expect(Buffer.compare(before, data)).toBe(0);
      device.write(offset, data);
      log.push(`has written ${at(offset)}`);
    },
  };
}

it('reads a chunk while its predecessor is worked on, and the one before that is written', async () => {
  const log: string[] = [];
  const [source, target] = [slowDevice(log), slowDevice(log)];
  const long = [{ offset: 0, length: 5 * MiB }];
  await copyData(source, target, long, quiet);
  expect(log.indexOf('read 1')).toBeLessThan(log.indexOf('write 0'));
  expect(log.indexOf('has read 1')).toBeLessThan(log.indexOf('has written 0'));
  expect(log.indexOf('has written 0')).toBeLessThan(log.indexOf('write 1'));
  expect(log.at(-1)).toBe('has written 4');
});

it('copies the same by a device that answers later and by one that does not', async () => {
  for (const [from, to] of [
    [slowDevice([]), memoryDevice(new Uint8Array(bytes.length))],
    [memoryDevice(bytes), slowDevice([])],
  ] as const) {
    to.write(0, new Uint8Array(bytes.length));
    expect(await copyData(from, to, extents, quiet)).toBe(2 * MiB + 1000);
    const expected = new Uint8Array(bytes.length);
    for (const { offset, length } of extents)
      expected.set(bytes.subarray(offset, offset + length), offset);
    expect(Buffer.compare(to.read(0, to.size), expected)).toBe(0);
  }
});

it('ends each chunk at the end of its extent, and says how far it is', async () => {
  const seen: (readonly [number, number])[] = [];
  const events: ProgressEvent[] = [];
  const report = (event: ProgressEvent) => void events.push(event);
  await eachChunk([memoryDevice(bytes)], extents, { task: 'x', report }, (chunk) => {
    seen.push([chunk.offset, chunk.length]);
    expect(
      Buffer.compare(chunk.bytes[0]!, bytes.subarray(chunk.offset, chunk.offset + chunk.length)),
    ).toBe(0);
    return undefined;
  });
  expect(seen).toEqual([
    [512, MiB],
    [512 + MiB, MiB],
    [3 * MiB + 512, 1000],
  ]);
  expect(events.map((event) => ('done' in event ? event.done : event.type))).toEqual([
    MiB,
    2 * MiB,
    2 * MiB + 1000,
    'done',
  ]);
});

it('throws what a look at a chunk throws, once nothing is read or written any more', async () => {
  const log: string[] = [];
  const [source, target] = [slowDevice(log), slowDevice(log)];
  const look = ({ offset }: { offset: number }) => {
    if (offset === 2 * MiB) throw new Error('damaged');
  };
  const long = [{ offset: 0, length: 5 * MiB }];
  await expect(copyData(source, target, long, { ...quiet, look })).rejects.toThrow('damaged');
  const asked = log.filter((line) => /^(read|write)/.test(line)).length;
  expect(log.filter((line) => /^has/.test(line))).toHaveLength(asked);
  expect(log).not.toContain('write 3');
});

it('throws what a write throws, also that of the last chunk', async () => {
  const failing: BlockDevice = {
    ...slowDevice([]),
    writeAsync: () => Promise.reject(new Error('no room')),
  };
  const one = [{ offset: 0, length: 512 }];
  await expect(copyData(slowDevice([]), failing, one, quiet)).rejects.toThrow('no room');
  await expect(copyData(slowDevice([]), failing, extents, quiet)).rejects.toThrow('no room');
});

it('hears a signal between two chunks, also of devices that answer at once', async () => {
  const abort = new AbortController();
  const work = { ...quiet, signal: abort.signal };
  let count = 0;
  const copied = eachChunk([memoryDevice(bytes)], [{ offset: 0, length: 5 * MiB }], work, () => {
    if (++count === 2) setImmediate(() => abort.abort(new Error('stop')));
    return undefined;
  });
  await expect(copied).rejects.toThrow('stop');
  expect(count).toBeLessThan(5);
});
