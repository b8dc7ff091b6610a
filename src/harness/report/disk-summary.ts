import { chooseNext } from '../../bootloader/choose-next.ts';
import { readBanks } from '../../bootloader/read-banks.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import { readGpt } from '../../disk/gpt.ts';
import type { DiskSummary } from './run-event.ts';

/** What a disk at rest holds, for the report. Throws as `readGpt` does. */
export function diskSummary(device: BlockDevice): DiskSummary {
  const banks = readBanks(device);
  return {
    bytes: device.size,
    partitions: readGpt(device).partitions.map(({ number, name, firstLba, lastLba }) => {
      return { number, name, offset: firstLba * 512, bytes: (lastLba - firstLba + 1) * 512 };
    }),
    banks: banks.map(({ partition, name, state, attempts, verdict, updated, build, ...bank }) => {
      const modules = bank.modules.map(({ name, kind, bytes }) => ({ name, kind, bytes }));
      const { bytes, bytesFree } = bank;
      return {
        partition,
        name,
        state,
        attempts,
        verdict,
        updated,
        build,
        bytes,
        bytesFree,
        modules,
      };
    }),
    next: chooseNext(banks).next,
  };
}
