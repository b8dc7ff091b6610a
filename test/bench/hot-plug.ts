import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { QemuMachine } from '../../src/harness/qemu/qemu.ts';
import type { BenchContext, BenchRow } from './bench-row.ts';
import { withQuietHost } from './live-host.ts';

const runs = 3;
const seconds = 2;
const timeoutMs = 120_000;
/** Between two questions: a question takes the host's time as well. */
const pauseMs = 100;

/** A disk that is left alone, as it is named then. */
export const pluggedDiskRow: BenchRow = {
  name: 'plugged in, disk',
  meaning:
    'the default image, emulated: from the command that plugs a virtio disk in until storage.list has it',
  runs,
  target: { seconds },
  setUp: async (context) => {
    const file = join(context.folder, 'plugged.img');
    writeFileSync(file, 'XFSB');
    truncateSync(file, 2 ** 26);
    const blockdev = `driver=raw,node-name=plugged,file.driver=file,file.filename=${file}`;
    return timesOf(context, ['-blockdev', blockdev], {
      device: { driver: 'virtio-blk-pci', drive: 'plugged', serial: 'plugged' },
      isThere: async ({ vmkd }) => {
        const { disks } = (await vmkd.call('storage.list')) as { disks: { serial: string }[] };
        return disks.some(({ serial }) => serial === 'plugged');
      },
    });
  },
};

/** The host's second card. */
export const pluggedCardRow: BenchRow = {
  name: 'plugged in, network card',
  meaning:
    'the default image, emulated: from the command that plugs a virtio card in until network.get has it',
  runs,
  target: { seconds },
  setUp: (context) =>
    timesOf(context, ['-netdev', 'user,id=plugged,restrict=on'], {
      device: { driver: 'virtio-net-pci', netdev: 'plugged', romfile: '' },
      isThere: async ({ vmkd }) => {
        const { uplinks } = (await vmkd.call('network.get')) as { uplinks: { name: string }[] };
        return uplinks.length > 1;
      },
    }),
};

interface Plugged {
  /** QEMU's words for it, without the port. */
  readonly device: Readonly<Record<string, string>>;
  isThere(machine: QemuMachine): Promise<boolean>;
}

/** Plugs it in and pulls it out again, once more than is measured. */
async function timesOf(context: BenchContext, backend: readonly string[], plugged: Plugged) {
  const port = ['-device', 'pcie-root-port,id=plug,chassis=1,slot=1'];
  const plugAndPull = async (machine: QemuMachine): Promise<number[]> => {
    const times: number[] = [];
    for (let run = 0; run <= runs; run++) {
      const begun = performance.now();
      await machine.qmp.call('device_add', { ...plugged.device, id: 'plugged0', bus: 'plug' });
      await until(() => plugged.isThere(machine));
      times.push(performance.now() - begun);
      await machine.qmp.call('device_del', { id: 'plugged0' });
      await until(async () => !(await plugged.isThere(machine)));
    }
    return times;
  };
  const times = await withQuietHost(context, plugAndPull, [...backend, ...port]);
  return { ours: async () => times.shift() };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + timeoutMs; !(await isSo()); await pause(pauseMs)) {
    if (performance.now() > end) {
      throw new Error(`expected the host to see what changed, found nothing in ${timeoutMs} ms`);
    }
  }
}
