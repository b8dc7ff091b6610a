import { TwinbankError } from '../../diagnostics/error.ts';
import { openFat } from '../../disk/fat/volume.ts';
import { readGpt } from '../../disk/gpt.ts';
import { partitionExtent } from '../../disk/partition-device.ts';
import type { LiveFault } from '../faults/fault.ts';
import { faultyPartition } from '../faults/faulty-partition.ts';
import { storePath } from '../faults/live-fault-rows.ts';
import type { SimHostDisk } from './sim-host-disk.ts';

/** Why a simulated machine cannot play a live fault, as a clause; undefined: it can. */
export function whyNotInSim(fault: LiveFault): string | undefined {
  switch (fault.live) {
    case 'io-error':
      return fault.on === 'write' ? undefined : 'the simulator knows no reads that fail';
    case 'disk-full':
      return fault.path === storePath ? undefined : 'the simulator has no in-memory file system';
    case 'clock-jump':
      return undefined;
    case 'disk-latency':
      return 'the simulator knows no time';
    case 'network-down':
      return 'the simulator has no network';
    case 'panic':
      return 'the simulator has no kernel';
  }
}

const ballast = 'ballast.bin';

/** Fills the store with one file, of which only the table of clusters is written; or takes it away again. */
export function fillStore({ host }: SimHostDisk, full: boolean): void {
  if (!host.store) {
    throw new TwinbankError('boot', 'harness.no-store', 'expected a store to fill, found none');
  }
  const volume = openFat(host.store);
  if (volume.stat(ballast)) volume.remove(ballast);
  const { freeBytes } = volume;
  if (full && freeBytes > 0) volume.place(ballast, freeBytes);
  volume.flush();
}

/** Makes writes fail, all or those of partitions. */
export function failWrites(disk: SimHostDisk, faults: readonly LiveFault[]): void {
  const { partitions } = readGpt(disk.device);
  const ranges = faults.flatMap((fault) => {
    if (fault.live !== 'io-error') return [];
    const place = faultyPartition(fault, partitions);
    return [place ? partitionExtent(place) : { offset: 0, length: disk.device.size }];
  });
  disk.medium.failWrites(ranges);
}
