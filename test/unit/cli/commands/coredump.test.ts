import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { imagePartitions } from '../../../../src/bootloader/image-partitions.ts';
import { memoryDevice, sliceDevice } from '../../../../src/disk/block-device.ts';
import {
  type CoredumpHeader,
  coredumpPlaces,
  emptyCoredump,
  writeCoredumpHeader,
} from '../../../../src/disk/coredump-header.ts';
import { writeGpt } from '../../../../src/disk/gpt.ts';
import { deriveGuid } from '../../../../src/disk/guid.ts';
import { runHere } from '../host.ts';

const MiB = 2 ** 20;
const folder = mkdtempSync(join(tmpdir(), 'twinbank-coredump-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...argv: string[]) =>
  runHere(['coredump', ...argv], { host: { cwd: folder, env: { PATH: process.env.PATH } } });

const log = [
  'Linux version 6.1.0-57-amd64 (x) #1',
  'twinbank: ready',
  'Kernel panic - not syncing: sysrq triggered crash',
  'CPU: 1 PID: 148 Comm: MainThread Not tainted 6.1.0-57-amd64',
  'Call Trace:',
  ' panic+0x118/0x2f4',
  ' \u001b[31msysrq_handle_crash+0x16/0x20',
]
  .map((text) => `[    1.000000] ${text}\n`)
  .join('');

/** A dump as it goes to a pipe, and as it is in a file. */
const inOrder = randomBytes(50_000);
const numbers = (...values: number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(BigInt(value));
      return bytes;
    }),
  );
const flattened = Buffer.concat([
  Buffer.from('makedumpfile\0\0\0\0'),
  numbers(1, 1),
  Buffer.alloc(4096 - 32),
  ...[numbers(30_000, 20_000), inOrder.subarray(30_000)],
  ...[numbers(0, 30_000), inOrder.subarray(0, 30_000), numbers(-1, -1)],
]);
const complete: CoredumpHeader = {
  ...emptyCoredump,
  ...{ state: 'complete', length: flattened.length, time: 1_700_000_000, bank: 5, build: '1.2-3' },
  ...{ reason: 'sysrq triggered crash', logLength: log.length },
  sha256: createHash('sha256').update(flattened).digest('hex'),
};

function image(name: string, header: CoredumpHeader, dump: Uint8Array = flattened): string {
  const device = memoryDevice(new Uint8Array(8 * MiB));
  const place = (number: number, firstMiB: number, sizeMiB: number) => {
    const row = imagePartitions.find((one) => one.number === number);
    const { name = '', type = '' } = row ?? {};
    const [firstLba, lastLba] = [firstMiB * 2048, (firstMiB + sizeMiB) * 2048 - 1];
    return { number, name, type, guid: deriveGuid('x', name), firstLba, lastLba, attributes: 0n };
  };
  const partitions = [place(5, 1, 1), place(7, 3, 4)];
  writeGpt(device, { diskGuid: deriveGuid('x', 'disk'), partitions });
  const partition = sliceDevice(device, 3 * MiB, 4 * MiB);
  writeCoredumpHeader(partition, header);
  partition.write(coredumpPlaces.log.offset, Buffer.from(log));
  partition.write(coredumpPlaces.laterLog.offset, Buffer.from(log));
  partition.write(coredumpPlaces.dump.offset, dump);
  writeFileSync(join(folder, name), device.read(0, 8 * MiB));
  return name;
}

describe('I5: coredump', () => {
  it('says why the host panicked, and shows no control characters of a log', async () => {
    const { stdout, code } = await run(image('a.img', complete));
    expect(code).toBe(0);
    for (const text of [
      /^Panic +sysrq triggered crash$/m,
      /^Time +2023-11-14T22:13:20Z$/m,
      /^Build +1\.2-3, bank 5$/m,
      /^Kernel +6\.1\.0-57-amd64$/m,
      /^Fetched +no: /m,
      /^ {2}panic\+0x118\/0x2f4$/m,
      /\] Kernel panic - not syncing: sysrq triggered crash$/m,
    ])
      expect(stdout).toMatch(text);
    expect(stdout).not.toContain('\u001b');
  });

  it('gives programs the whole of it', async () => {
    const later = { count: 2, time: 1_700_000_100, logLength: log.length };
    const { stdout } = await run(image('b.img', { ...complete, later }), '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ state: 'complete', build: '1.2-3', bank: 5, reason: 'sysrq triggered crash' },
      ...{ intact: true, fetched: false, later, kernel: '6.1.0-57-amd64', written: null },
      log: expect.arrayContaining(['[    1.000000] twinbank: ready']),
      laterLog: { length: 7 },
    });
  });

  it('writes the dump in order, for its owner only, and nothing to the image', async () => {
    const name = image('c.img', complete);
    const before = readFileSync(join(folder, name));
    const { code } = await run(name, '--out', 'c.kdump');
    expect(code).toBe(0);
    expect(readFileSync(join(folder, 'c.kdump')).equals(inOrder)).toBe(true);
    expect(statSync(join(folder, 'c.kdump')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, name)).equals(before)).toBe(true);
    const again = await run(name, '--out', 'c.kdump');
    expect([again.code, again.stderr]).toEqual([8, expect.stringContaining('c.kdump')]);
  });

  it('of a partition without one says so, and extracts nothing', async () => {
    const name = image('d.img', emptyCoredump);
    expect(await run(name)).toMatchObject({ code: 0, stdout: 'd.img: no core dump\n' });
    const { code, stderr } = await run(name, '--out', 'd.kdump');
    expect([code, stderr]).toEqual([
      8,
      expect.stringContaining('expected a core dump, found none'),
    ]);
  });

  it('shows the log of a dump that was never finished', async () => {
    const { stdout } = await run(image('e.img', { ...complete, state: 'writing', length: 0 }));
    expect(stdout).toMatch(/^Dump +never finished$/m);
    expect(stdout).toContain('sysrq triggered crash');
  });

  it('refuses a dump that is damaged, and shows its log all the same', async () => {
    const damaged = Buffer.from(flattened);
    damaged[9000]! ^= 1;
    const name = image('f.img', complete, damaged);
    expect((await run(name)).stdout).toMatch(/^Dump .*, complete, damaged since$/m);
    const { code, stderr } = await run(name, '--out', 'f.kdump');
    expect([code, stderr]).toEqual([
      6,
      expect.stringContaining('f.img: core dump: expected SHA-256'),
    ]);
  });
});
