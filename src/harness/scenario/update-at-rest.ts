import { appendJournal } from '../../bootloader/store-journal.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import type { ApplyOptions } from '../../update/apply.ts';
import { fileSource } from '../../update/source/byte-source.ts';
import { updateWithJournal } from '../../update/update-with-journal.ts';
import { medium } from '../faults/medium.ts';
import { hostDiskOf } from '../machine/host-disk.ts';
import type { BuiltImage } from './artifact-store.ts';
import { type StepContext, unmet } from './step-context.ts';

/**
 * Updates the disk of a machine that is off, as `twinbank update` does. With `cutAt` the power fails instead of that
 * write; an update that is over before it has shown nothing, and fails. Throws as `applyBundle` does.
 */
export async function updateAtRest(
  { machine, signal, reportDisk }: StepContext,
  { path, build }: BuiltImage,
  { cutAt, allowOlder = false }: { cutAt?: number | undefined; allowOlder?: boolean | undefined },
): Promise<string> {
  const found = await machine.withDisk(
    async (device) => {
      const disk = medium(device);
      if (cutAt !== undefined) disk.cutBeforeWrite(cutAt);
      const source = fileSource(path);
      try {
        return await apply(disk, source, { allowOlder, signal });
      } catch (error) {
        if (cutAt === undefined || disk.cutIsWaiting()) throw error;
        return `the power failed at write ${cutAt}`;
      } finally {
        await source.close();
      }
    },
    { writable: true },
  );
  if (cutAt !== undefined && !found.startsWith('the power failed')) {
    throw unmet(`an update with ${cutAt} writes or more`, `one that was over before: ${found}`);
  }
  await reportDisk(`after the update to ${build}`);
  return found;
}

async function apply(
  device: BlockDevice,
  source: ReturnType<typeof fileSource>,
  options: Pick<ApplyOptions, 'allowOlder' | 'signal'>,
): Promise<string> {
  const disk = hostDiskOf(device);
  const { outcome, plan } = await updateWithJournal(source, disk, options, (event) => {
    if (disk.store) appendJournal(disk.store, event, Date.now());
  });
  return `${outcome}: ${plan.from} -> ${plan.to}, bank ${plan.target}`;
}
