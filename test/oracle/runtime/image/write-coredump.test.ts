import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { coredumpPlaces, decodeCoredumpHeader } from '../../../../src/disk/coredump-header.ts';

/**
 * The script of the dump kernel, by busybox as in the image, on files in place of the partition and the memory. makedumpfile is one of ours,
 * which says what it is told.
 */
const script = resolve(
  import.meta.dirname,
  '../../../../src/runtime/image/initramfs/lib/write-coredump',
);
const folder = mkdtempSync(join(tmpdir(), 'twinbank-dump-'));
afterAll(() => rmSync(folder, { recursive: true }));
const partitionBytes = 8 * 2 ** 20;
const log =
  '[    1.0] BUG: oh\n[    2.5] Kernel panic - not syncing: Fatal exception\n[    2.6] end\n';

interface Crash {
  readonly partition: string;
  readonly log?: string;
  readonly dump: Uint8Array;
  /** makedumpfile ends with an error behind its bytes. */
  readonly fails?: boolean;
}

let crashes = 0;
function crash({ partition, log: text = log, dump, fails = false }: Crash) {
  const place = join(folder, `crash${crashes++}`);
  const [bin, work, devices] = ['bin', 'work', 'dev'].map((name) => join(place, name));
  for (const one of [bin, work, devices]) mkdirSync(one!, { recursive: true });
  writeFileSync(join(devices!, 'watchdog0'), '');
  writeFileSync(join(place, 'log'), text);
  writeFileSync(join(place, 'dump'), dump);
  const program = `#!/bin/sh
case $1 in
  --dump-dmesg) cp '${place}/log' "$3" ;;
  *) [ "$*" = '-F -l -d 31 vmcore' ] || exit 9
     cat '${place}/dump'; ${fails ? 'echo No memory. >&2; exit 1' : 'exit 0'} ;;
esac
`;
  writeFileSync(join(bin!, 'makedumpfile'), program, { mode: 0o755 });
  const args = ['vmcore', partition, `${partitionBytes}`, '1.2-3', '6', devices!];
  const end = spawnSync('busybox', ['sh', script, ...args], {
    cwd: work!,
    encoding: 'utf8',
    env: { PATH: `${bin}:${process.env.PATH}` },
  });
  expect([end.status, end.stderr]).toEqual([0, '']);
  const bytes = readFileSync(partition);
  expect(readFileSync(join(devices!, 'watchdog0'), 'utf8')).toBe('\n');
  return { said: end.stdout, bytes, header: decodeCoredumpHeader(bytes, bytes.length) };
}

function newPartition(): string {
  const path = join(folder, `partition${crashes}`);
  writeFileSync(path, randomBytes(partitionBytes));
  return path;
}

const part = (bytes: Buffer, { offset }: { readonly offset: number }, length: number): Buffer =>
  bytes.subarray(offset, offset + length);

describe('I5: the script that writes a core dump', () => {
  it('writes the log, the dump and a header that says what they are', () => {
    const dump = randomBytes(5 * 2 ** 20 + 12_345);
    const { said, bytes, header } = crash({ partition: newPartition(), dump });
    expect(header).toEqual({
      ...{ state: 'complete', length: dump.length, time: expect.any(Number), bank: 6 },
      ...{ build: '1.2-3', reason: 'Fatal exception', logLength: log.length },
      sha256: createHash('sha256').update(dump).digest('hex'),
      ...{ fetched: false, reported: false, later: { count: 0, time: 0, logLength: 0 } },
    });
    expect(Math.abs(header.time - Date.now() / 1000)).toBeLessThan(600);
    expect(part(bytes, coredumpPlaces.log, log.length).toString()).toBe(log);
    expect(part(bytes, coredumpPlaces.dump, dump.length).equals(dump)).toBe(true);
    expect(said).toBe(
      `log of ${log.length} bytes written: Fatal exception\ncomplete, ${dump.length} bytes\n`,
    );
  });

  it('leaves a dump that nobody has fetched, counts the crash, and keeps its log', () => {
    const partition = newPartition();
    const first = crash({ partition, dump: randomBytes(100_000) });
    const later = '[    9.0] Kernel panic - not syncing: another\n';
    for (const count of [1, 2]) {
      const { said, bytes, header } = crash({ partition, log: later, dump: randomBytes(50_000) });
      expect(header).toEqual({
        ...first.header,
        later: { count, time: expect.any(Number), logLength: later.length },
      });
      expect(part(bytes, coredumpPlaces.laterLog, later.length).toString()).toBe(later);
      const [kept, before] = [bytes, first.bytes].map((one) =>
        part(one, coredumpPlaces.dump, 100_000),
      );
      expect(kept!.equals(before!)).toBe(true);
      expect(said).toContain('only its log is kept');
    }
  });

  it('writes over a dump that was fetched, or never finished', () => {
    for (const change of [
      (bytes: Buffer) => bytes.writeUInt32LE(1, 260),
      (bytes: Buffer) => bytes.writeUInt32LE(1, 12),
    ]) {
      const partition = newPartition();
      const { bytes } = crash({ partition, dump: randomBytes(10_000) });
      change(bytes);
      bytes.writeUInt32LE(0, 508);
      // The CRC of what was changed, by another program.
      const crc = spawnSync('busybox', ['crc32'], { input: bytes.subarray(0, 508) });
      bytes.writeUInt32LE(Number.parseInt(crc.stdout.toString(), 16), 508);
      writeFileSync(partition, bytes);
      const dump = randomBytes(20_000);
      const { header } = crash({ partition, dump });
      expect(header).toMatchObject({ state: 'complete', length: 20_000, fetched: false });
      expect(header.later.count).toBe(0);
    }
  });

  it('cuts a dump at the end of the partition, and says so', () => {
    const dump = randomBytes(partitionBytes);
    const room = partitionBytes - coredumpPlaces.dump.offset;
    const { said, bytes, header } = crash({ partition: newPartition(), dump });
    expect(header).toMatchObject({
      ...{ state: 'cut', length: room, logLength: log.length },
      sha256: createHash('sha256').update(dump.subarray(0, room)).digest('hex'),
    });
    expect(bytes).toHaveLength(partitionBytes);
    expect(said).toContain(`cut to ${room} bytes`);
  });

  it('keeps the log where makedumpfile fails, and says why', () => {
    const { said, header } = crash({
      partition: newPartition(),
      dump: Buffer.alloc(0),
      fails: true,
    });
    expect(header).toMatchObject({ state: 'failed', length: 0, logLength: log.length });
    expect(said).toContain('makedumpfile failed after 0 bytes: No memory.');
  });

  it('keeps the end of a log that is too long, and cuts a reason that is', () => {
    const long = `${'x'.repeat(2 ** 20)}\n[    2.5] Kernel panic - not syncing: ${'why '.repeat(50)}\n`;
    const { bytes, header } = crash({ partition: newPartition(), log: long, dump: Buffer.of(1) });
    expect(header.logLength).toBe(coredumpPlaces.log.bytes);
    const kept = part(bytes, coredumpPlaces.log, header.logLength).toString();
    expect(long.endsWith(kept)).toBe(true);
    expect(header.reason).toBe('why '.repeat(32));
  });
});
