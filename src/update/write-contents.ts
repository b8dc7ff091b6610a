import { setImmediate } from 'node:timers/promises';
import type { Report } from '../diagnostics/progress.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { AppliedPlan, WaitForSender } from './apply.ts';
import type { OfferedBundle } from './bundle/offered-bundle.ts';
import type { ChosenBanks } from './choose-banks.ts';
import { type ChunkWriter, chunkWriter } from './chunk-writer.ts';
import type { PlannedModule } from './plan-update.ts';
import type { Places } from './prepare-bank.ts';
import type { OpenStore } from './write-store.ts';

export interface ContentsWork {
  readonly plan: AppliedPlan;
  readonly banks: ChosenBanks;
  /** Where the files of the bank go. */
  readonly places: Places;
  readonly offer: OfferedBundle;
  readonly store: { readonly device: BlockDevice; readonly open: OpenStore } | undefined;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
  readonly waitForSender: WaitForSender;
}

const chunkBytes = 2 ** 20;

/**
 * Writes the modules of the kept bank that are used again, then, as they come, those of the bundle and the
 * packages. Every chunk is hashed on its way, by the reader of the bundle or when it is read back.
 */
export async function writeContents(work: ContentsWork): Promise<void> {
  const { plan, report, signal } = work;
  const reused = plan.modules.filter(({ source }) => source === 'kept');
  const total = [...plan.modules, ...(work.store ? (plan.store?.add ?? []) : [])].reduce(
    (sum, { bytes }) => sum + bytes,
    0,
  );
  let done = 0;
  const wrote = async (bytes: number): Promise<void> => {
    done += bytes;
    report({ type: 'progress', task: 'write', done, total, unit: 'bytes' });
    await setImmediate();
    signal?.throwIfAborted();
  };
  for (const module of reused) await copyModule(work, module, wrote);
  await work.waitForSender(() => writeSent(work, wrote));
  report({ type: 'done', task: 'write' });
}

async function writeSent(
  work: ContentsWork,
  wrote: (bytes: number) => Promise<void>,
): Promise<void> {
  const { offer } = work;
  for (let entry = await offer.reader.next(); entry; entry = await offer.reader.next()) {
    const writer = writerFor(work, entry.path);
    // The reader itself passes over what nobody takes.
    if (!writer) continue;
    for await (const chunk of entry.chunks()) {
      writer.write(chunk);
      await wrote(chunk.length);
    }
    writer.done();
  }
}

async function copyModule(
  { banks: { kept, targetBank }, places }: ContentsWork,
  module: PlannedModule,
  wrote: (bytes: number) => Promise<void>,
): Promise<void> {
  const writer = chunkWriter(targetBank.device, places.get(module.file) ?? [], module.file);
  const scratch = new Uint8Array(chunkBytes);
  for (const { offset, length } of kept.volume?.extents(module.keptFile ?? '') ?? []) {
    for (let at = 0; at < length; at += chunkBytes) {
      const chunk = kept.device.read(offset + at, Math.min(chunkBytes, length - at), scratch);
      writer.write(chunk);
      await wrote(chunk.length);
    }
  }
  writer.done();
}

/** Where an entry of the bundle goes; nowhere, where the host has it already or needs another one. */
function writerFor(
  { plan, banks, places, store }: ContentsWork,
  path: string,
): ChunkWriter | undefined {
  const name = path.slice(path.indexOf('/') + 1);
  if (path.startsWith('modules/')) {
    const wanted = plan.modules.some(({ file, source }) => file === name && source === 'bundle');
    return wanted ? chunkWriter(banks.targetBank.device, places.get(name) ?? [], path) : undefined;
  }
  const placed = store?.open.places.get(name);
  return store && placed && chunkWriter(store.device, placed.extents, path);
}
