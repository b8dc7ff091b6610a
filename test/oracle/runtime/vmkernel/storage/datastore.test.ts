import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type RunHelper, runHelper } from '../../../../../src/runtime/system/run-helper.ts';
import { openDatastores } from '../../../../../src/runtime/vmkernel/storage/datastores.ts';
import { diskIo, readEnds } from '../../../../../src/runtime/vmkernel/storage/disk-io.ts';
import { formatDisk } from '../../../../../src/runtime/vmkernel/storage/format-disk.ts';
import { judgeContents } from '../../../../../src/runtime/vmkernel/storage/judge-disk.ts';
import { parseMounts, volumes } from '../../../../../src/runtime/vmkernel/storage/mounts.ts';
import { keptNames } from '../../../../support/device-namer.ts';
import { attachLoop, detachLoop } from '../../../../support/loop-device.ts';
import { judge, judgedBy } from '../../../components/foreign-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'datastore-'));
const loops: string[] = [];
afterAll(() => {
  const mounted = parseMounts(readFileSync('/proc/mounts', 'utf8')).reverse();
  for (const { path } of mounted) if (path.startsWith(folder)) judge('umount', [path]);
  for (const loop of loops.reverse()) detachLoop(loop);
  rmSync(folder, { recursive: true });
});

const gib = 2 ** 30;

/** Files in a folder, until nothing more goes in. */
function fill(path: string): void {
  for (let length = gib; length >= 4096; length /= 2) {
    const file = join(path, `of ${length}`);
    if (spawnSync('fallocate', ['-l', String(length), file]).status !== 0)
      rmSync(file, { force: true });
  }
}

const io = diskIo(runHelper);

/** A disk of this machine's, all holes. Not every machine gives its partitions nodes, so each gets a loop device of its own. */
function emptyDisk(bytes: number) {
  const file = join(folder, `${loops.length}.img`);
  writeFileSync(file, '');
  truncateSync(file, bytes);
  const path = attachLoop(file);
  if (!path) return undefined;
  loops.push(path);
  const partitions = new Map<string, string>();
  const run: RunHelper = async (program, args, options) => {
    if (program !== 'blockdev') {
      return runHelper(
        program,
        args.map((arg) => partitions.get(arg) ?? arg),
        options,
      );
    }
    const { partitiontable } = JSON.parse(judge('sfdisk', ['--json', path]));
    (partitiontable.partitions as { start: number; size: number }[]).forEach((one, at) => {
      const place = ['--offset', `${one.start * 512}`, '--sizelimit', `${one.size * 512}`];
      const loop = attachLoop(file, ...place) ?? '';
      loops.push(loop);
      partitions.set(`${path}p${at + 1}`, loop);
    });
    return { code: 0, output: Buffer.from(''), error: '' };
  };
  const port = { io, run, newGuid: randomUUID, hasProgram: () => true };
  const partition = (number: number): string => partitions.get(`${path}p${number}`) ?? '';
  return { path, port, partition, facts: { device: basename(path), bytes } };
}

const probe = emptyDisk(gib);

judgedBy(['sfdisk', 'mke2fs', 'e2fsck', 'fsck.fat', 'mkfs.fat'], () => {
  describe.skipIf(probe === undefined)('B4: a datastore on a loop device of this machine', () => {
    it('has a table and file systems without a fault: 9 GiB, with scratch', async () => {
      const made = emptyDisk(9 * gib);
      if (!made) throw new Error('this machine gives no further loop device');
      const { path: disk, port, facts, partition } = made;
      await formatDisk(port, facts, 'datastore1');
      const found = { state: 'datastore', datastore: { number: 2, scratch: 1 } };
      expect(judgeContents(await readEnds(io, disk, facts.bytes))).toEqual(found);
      expect(judge('sfdisk', ['--verify', disk])).toContain('No errors detected');
      const { partitiontable } = JSON.parse(judge('sfdisk', ['--json', disk]));
      const shown = partitiontable.partitions.map((one: { name: string; size: number }) => [
        one.name,
        one.size / 2048,
      ]);
      expect(shown).toEqual([
        ['scratch', 921],
        ['datastore', 8293],
      ]);
      expect(judge('fsck.fat', ['-n', partition(1)])).toContain(': 1 files');
      judge('e2fsck', ['-f', '-n', partition(2)]);
      await expect(formatDisk(port, facts, 'datastore2')).rejects.toThrow(
        `${disk}: expected a blank disk, found that it has a datastore`,
      );
    }, 60_000);

    it('is mounted by its UUID, checked where it was not unmounted, repaired where its journal is damaged, and left where more is', async () => {
      if (!probe) throw new Error('there is no disk');
      await formatDisk(probe.port, probe.facts, 'datastore1');
      const partition = probe.partition(1);
      const places = volumes(
        runHelper,
        () => readFileSync('/proc/mounts', 'utf8'),
        join(folder, 'v'),
      );
      const namer = keptNames().start();
      const datastores = () => openDatastores({ io, run: runHelper, volumes: places, namer });
      const first = datastores();
      const { uuid, name } = await first.attach(partition);
      try {
        expect(name).toBe('datastore1');
        expect(judge('blkid', ['-o', 'value', '-s', 'UUID', partition]).trim()).toBe(uuid);
        // For the agent that runs machines, and for nobody else.
        const root = statSync(join(folder, 'v', uuid));
        expect([root.mode & 0o7777, root.uid, root.gid]).toEqual([0o2770, 0, 108]);
        mkdirSync(join(folder, 'v', name, 'machine'));
        expect(statSync(join(folder, 'v', name, 'machine')).gid).toBe(108);
        writeFileSync(join(folder, 'v', name, 'a file'), 'kept');
        const [report] = await first.list();
        expect(report).toMatchObject({ name, uuid, type: 'ext4', accessible: true, why: null });
        expect(report?.capacity).toBeGreaterThan(0.9 * gib);
        // A vmkd that is started again finds it mounted.
        expect(await datastores().attach(partition)).toMatchObject({ uuid, name });
      } finally {
        await first.lose(uuid, 'the test is over');
      }
      const damage = (command: string) => judge('debugfs', ['-w', '-R', command, partition]);
      // A journal that cannot be replayed: it is made anew, and the file system is checked whole.
      damage('feature needs_recovery');
      damage('zap_block -f <8> -p 90 0');
      const second = datastores();
      const { repaired } = await second.attach(partition);
      expect(repaired).toContain('Recreate journal');
      expect(readFileSync(join(folder, 'v', uuid, 'a file'), 'utf8')).toBe('kept');
      await second.lose(uuid, 'the test is over');
      // A full one is a datastore all the same.
      const full = datastores();
      await full.attach(partition);
      fill(join(folder, 'v', uuid));
      expect(await full.list()).toMatchObject([{ free: 0, accessible: true, why: null }]);
      await full.lose(uuid, 'the test is over');
      damage('feature needs_recovery');
      expect((await full.attach(partition)).uuid).toBe(uuid);
      expect(await full.list()).toMatchObject([{ free: 0, accessible: true, why: null }]);
      expect(readFileSync(join(folder, 'v', uuid, 'a file'), 'utf8')).toBe('kept');
      await full.lose(uuid, 'the test is over');
      // Without its root folder there is nothing that e2fsck would do without a question.
      damage('ssv state 0');
      damage('clri <2>');
      await expect(datastores().attach(partition)).rejects.toThrow(/it is damaged, and e2fsck/);
      expect(places.mounts().filter(({ path }) => path.includes(uuid))).toEqual([]);
    }, 60_000);
  });
});
