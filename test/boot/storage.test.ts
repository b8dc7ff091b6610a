import { mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { QemuMachine } from '../../src/harness/qemu/qemu.ts';
import { faultArguments } from '../../src/harness/qemu/qemu-faults.ts';
import { worldsListForm, worldsStatsForm } from '../../src/hostcore/world-answers.ts';
import { readTar } from '../../src/state/tar.ts';
import { judge } from '../oracle/components/foreign-tool.ts';
import { boot, bootTimeoutMs, expectHealthy } from '../support/boot.ts';

const folder = mkdtempSync(join(tmpdir(), 'storage-'));
afterAll(() => rmSync(folder, { recursive: true }));

const mib = 2 ** 20;

/** A disk of holes, with a text at an offset. */
function disk(name: string, mebibytes: number, text = '', offset = 0): string {
  const path = join(folder, name);
  const file = openSync(path, 'w');
  writeSync(file, Buffer.from(text), 0, undefined, offset);
  truncateSync(path, mebibytes * mib);
  return path;
}

/** Nodes for QEMU, each a file; a device takes one. */
const node = (name: string, file: string) => [
  '-blockdev',
  `driver=raw,node-name=${name},file.driver=file,file.filename=${file},file.locking=off`,
];

interface Report {
  disks: { name: string; path: string; serial: string; state: string; why: string | null }[];
  datastores: {
    name: string;
    path: string;
    accessible: boolean;
    why: string | null;
    capacity: number | null;
  }[];
  scratch: string | null;
}

describe('B4, K2, K4, K6: the disks of a host', () => {
  it('become datastores where they are blank, are left alone with a reason otherwise, and may come and go', async () => {
    const table = disk('table.img', 300);
    judge('sh', ['-c', `echo ',,L' | sfdisk -q "${table}"`]);
    const plain = disk('ext4.img', 300);
    judge('mke2fs', ['-q', '-F', '-t', 'ext4', plain]);
    const small = disk('small.img', 1024);
    const extra = [
      ...faultArguments([], 'virtio', ['live']),
      ...['-device', 'pcie-root-port,id=port1,chassis=1,slot=1'],
      ...['-device', 'pcie-root-port,id=port2,chassis=2,slot=2'],
      ...[...node('large', disk('large.img', 9 * 1024)), ...node('small', small)],
      ...[...node('table', table), ...node('plain', plain)],
      ...node('end', disk('end.img', 300, 'LVM2 0.90', 300 * mib - 4096)),
      ...node('later', disk('later.img', 300, 'XFSB')),
      ...['-device', 'virtio-blk-pci,drive=large,serial=large,bus=port1,id=large0'],
      ...['-device', 'nvme,drive=small,serial=small'],
      ...['-device', 'ide-hd,drive=table,serial=table,bus=ide.2'],
      ...['-device', 'ide-hd,drive=plain,serial=plain,bus=ide.3'],
      ...['-device', 'virtio-blk-pci,drive=end,serial=end'],
    ];
    const seen: Report[] = [];
    let problems: unknown;
    const swaps: unknown[] = [];
    let found: Awaited<ReturnType<typeof killVmkd>> | undefined;
    const result = await boot(
      { firmware: 'bios', extra },
      {
        whileReady: async (machine) => {
          const list = async () =>
            void seen.push((await machine.vmkd.call('storage.list')) as Report);
          await said(machine, /storage: datastore1 is on/);
          await said(machine, /storage: datastore2 is on/);
          await list();
          const swap = async (): Promise<void> =>
            void swaps.push(worldsStatsForm(await machine.vmkd.call('worlds.stats'), '').swap);
          await said(machine, /worlds: they swap to /);
          await swap();
          found = await killVmkd(machine);
          await swap();
          // A disk comes, and one that is in use goes.
          const later = { driver: 'virtio-blk-pci', id: 'later0', bus: 'port2', drive: 'later' };
          await machine.qmp.call('device_add', { ...later, serial: 'later' });
          await said(
            machine,
            /storage: \S+ \(\S+, 300\.0 MiB\) is left alone: it has a file system .*XFS/,
          );
          await list();
          await machine.qmp.call('device_del', { id: 'large0' });
          await said(machine, /storage: \S+ \(\S+, 9\.0 GiB\) has gone/);
          await list();
          // The line comes first, and to take back what was in the file takes a moment.
          for (const end = performance.now() + bootTimeoutMs; ; await pause(200)) {
            const { swap: left } = worldsStatsForm(await machine.vmkd.call('worlds.stats'), '');
            if (left === null || performance.now() > end) break;
          }
          await swap();
          const status = (await machine.vmkd.call('status')) as {
            state: string;
            problems: unknown;
          };
          problems = [status.state, status.problems];
          // Where an administrator wants it, and none but that.
          const resources = { swap: { datastore: 'datastore2' } };
          await machine.vmkd.call('config.set', { resources });
          await said(machine, /worlds: they swap to \/vmfs/);
          await swap();
        },
      },
    );
    expectHealthy(result, 5);
    const states = seen.map(({ disks }) =>
      Object.fromEntries(disks.map(({ serial, state, why }) => [serial, why ?? state])),
    );
    const first = {
      '': 'boot',
      large: 'datastore',
      small: 'datastore',
      table: 'it has a partition table or boot code',
      plain: 'it has a file system without a partition table (ext2, ext3 or ext4)',
      end: 'its last MiB is not empty',
    };
    expect(states[0]).toEqual(first);
    const later = 'it has a file system without a partition table (XFS)';
    expect(states[1]).toEqual({ ...first, later });
    const { large: _gone, ...rest } = first;
    expect(states[2]).toEqual({ ...rest, later });
    expect(seen[0]?.datastores).toMatchObject([
      { name: 'datastore1', accessible: true, why: null },
      { name: 'datastore2', accessible: true, why: null },
    ]);
    expect(seen[0]?.scratch).toBe('/scratch');
    const lost = seen[2]?.datastores.filter(({ accessible }) => !accessible);
    expect(lost).toMatchObject([{ why: 'its disk has gone', capacity: null }]);
    expect(problems).toEqual(['ready', [expect.stringContaining('its disk has gone')]]);
    // K6: one swap file for all worlds, on the scratch partition; it is given up with its disk.
    const scratch = { path: '/scratch/.swap/worlds.swap', used: expect.any(Number) };
    const onSmall = seen[0]?.datastores.find(({ name }) => name === 'datastore2');
    expect(swaps).toEqual([
      { ...scratch, size: 256 * mib - 4096 },
      // A vmkd that was killed and started again finds it.
      { ...scratch, size: 256 * mib - 4096 },
      null,
      { ...scratch, path: `${onSmall?.path}/.swap/worlds.swap`, size: 256 * mib - 4096 },
    ]);
    // K1: what a new vmkd finds is not done again.
    expect(found).toEqual({
      watchdogs: 2,
      worlds: found?.before,
      before: expect.arrayContaining(['syslog running 0', 'cim running 0']),
      mounted: [1, 1, 1, 1],
      datastores: seen[0]?.datastores.map(({ name, path }) => [name, path]),
    });
    const times = (pattern: RegExp) => result.lines.filter(({ text }) => pattern.test(text)).length;
    expect(times(/worlds: they swap to \/scratch/)).toBe(1);
    expect(times(/was repaired|storage: making/)).toBe(2);
    // It was given up in time for its datastore to be unmounted, when the system ended.
    const superblock = judge('dumpe2fs', ['-h', `${small}?offset=${mib}`]);
    expect(superblock).toMatch(/^Filesystem state: +clean$/m);
    expect(superblock).not.toContain('needs_recovery');
    // What was left alone is as it was.
    judge('e2fsck', ['-f', '-n', plain]);
  });
});

/** Ends vmkd by SIGKILL, waits for the next one to have done all its steps and to feed the watchdogs, and looks around. */
async function killVmkd({ vmkd, console }: QemuMachine) {
  const call = (method: string) => vmkd.call(method, {}, bootTimeoutMs);
  const worlds = async () =>
    worldsListForm(await call('worlds.list'), 'worlds.list').worlds.map(
      ({ name, state, restarts }) => `${name} ${state} ${restarts}`,
    );
  const before = await worlds();
  const from = console.lines.length;
  await call('fault.kill');
  const again = await console.waitFor(/vmkd started again/, { timeoutMs: bootTimeoutMs, from });
  expect(again).toHaveProperty('line');
  let fed = 0;
  let datastores: Report['datastores'] = [];
  for (const end = performance.now() + bootTimeoutMs; performance.now() < end; await pause(200)) {
    const status = (await call('status').catch(() => ({}))) as Record<string, unknown>;
    fed = Array.isArray(status.watchdogs) ? status.watchdogs.length : 0;
    if (fed === 0 || status.state !== 'ready') continue;
    // No boot waits for disks.
    ({ datastores } = (await call('storage.list')) as Report);
    if (datastores.length > 1) break;
  }
  await call('support.collect');
  const { data } = (await call('support.read')) as { data: string };
  const files = readTar(gunzipSync(Buffer.from(data, 'base64')));
  const mounts = files.find(({ path }) => path === 'files/proc/mounts');
  const points = Buffer.from(mounts?.bytes ?? [])
    .toString()
    .split('\n')
    .map((line) => line.split(' ')[1]);
  const paths = ['/vmfs/volumes', ...datastores.map(({ path }) => path), '/scratch'];
  return {
    ...{ before, watchdogs: fed, worlds: await worlds() },
    mounted: paths.map((path) => points.filter((point) => point === path).length),
    datastores: datastores.map(({ name, path }) => [name, path]),
  };
}

/** Waits for a line of the console, from the first one on; a test that waits in vain shows its end. */
async function said({ console }: QemuMachine, pattern: RegExp): Promise<void> {
  const end = await console.waitFor(pattern, { timeoutMs: 120_000 });
  expect(
    end,
    console.lines
      .slice(-20)
      .map(({ text }) => text)
      .join('\n'),
  ).toHaveProperty('line');
}
