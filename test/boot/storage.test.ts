import { mkdtempSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { QemuMachine } from '../../src/harness/qemu/qemu.ts';
import { judge } from '../oracle/components/foreign-tool.ts';
import { boot, expectHealthy } from '../support/boot.ts';

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
  datastores: { name: string; accessible: boolean; why: string | null; capacity: number | null }[];
  scratch: string | null;
}

describe('B4, K2, K4: the disks of a host', () => {
  it('become datastores where they are blank, are left alone with a reason otherwise, and may come and go', async () => {
    const table = disk('table.img', 300);
    judge('sh', ['-c', `echo ',,L' | sfdisk -q "${table}"`]);
    const plain = disk('ext4.img', 300);
    judge('mke2fs', ['-q', '-F', '-t', 'ext4', plain]);
    const extra = [
      ...['-device', 'pcie-root-port,id=port1,chassis=1,slot=1'],
      ...['-device', 'pcie-root-port,id=port2,chassis=2,slot=2'],
      ...[...node('large', disk('large.img', 9 * 1024)), ...node('small', disk('small.img', 1024))],
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
    const result = await boot(
      { firmware: 'bios', extra },
      {
        whileReady: async (machine) => {
          const list = async () =>
            void seen.push((await machine.vmkd.call('storage.list')) as Report);
          await said(machine, /storage: datastore1 is on/);
          await said(machine, /storage: datastore2 is on/);
          await list();
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
          const status = (await machine.vmkd.call('status')) as {
            state: string;
            problems: unknown;
          };
          problems = [status.state, status.problems];
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
    // What was left alone is as it was.
    judge('e2fsck', ['-f', '-n', plain]);
  });
});

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
