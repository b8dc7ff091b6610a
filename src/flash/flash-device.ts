import { statSync } from 'node:fs';
import { TwinbankError } from '../diagnostics/error.ts';
import { extentBytes } from '../disk/extents.ts';
import { partitionExtents } from '../host/device/device-facts.ts';
import { systemFolders } from '../host/device/sysfs.ts';
import { runTool } from '../host/run-tool.ts';
import { finishedDisk } from './finished-disk.ts';
import type { FlashRequest, FlashResult } from './flash-image.ts';
import { lostDatastore } from './lost-datastore.ts';
import type { FlashSource } from './open-source.ts';
import { deviceExtents } from './signature-extents.ts';
import { type TargetDevice, withTargetDevice } from './target-device.ts';
import type { KeptState } from './target-state.ts';
import { verifyImage } from './verify-image.ts';
import { writeDevice } from './write-device.ts';

/**
 * Makes a block device the disk of an image: what it is and that it is free first, then the person's word, then
 * the image's own hashes, and only then the first byte. Throws what `withTargetDevice`, `confirm`, `verifyImage`,
 * `finishedDisk` and `writeDevice` throw.
 */
export async function flashDevice(image: FlashSource, request: FlashRequest): Promise<FlashResult> {
  const { target, report, signal } = request;
  const needed = image.device.size;
  if (!request.input) assertOther(request.image, target);
  const result = await withTargetDevice(target, { needed, signal }, async (device) => {
    const lost = lostDatastore(target, device.cached);
    if (lost !== undefined) report({ type: 'warning', text: lost });
    await request.confirm(target, device.facts);
    signal?.throwIfAborted();
    const kept = request.keepState && (await keptState(request, request.keepState.folder, device));
    let begun = false;
    try {
      const written = await write(image, request, device, kept, () => {
        begun = true;
      });
      kept?.forget();
      return written;
    } catch (error) {
      // What was not begun has left the state where it was.
      if (kept && !begun && !kept.leftover) kept.forget();
      else if (kept) {
        const text = `the state of ${target} is in ${kept.file}; the next flash of it with --keep-state takes it from there`;
        report({ type: 'warning', text });
      }
      throw error;
    }
  });
  await rereadTable(request);
  return result;
}

async function write(
  image: FlashSource,
  request: FlashRequest,
  { facts, direct }: TargetDevice,
  kept: KeptState | undefined,
  onBegin: () => void,
): Promise<FlashResult> {
  const { report, signal, identity, resume = false, readBack = true } = request;
  report({ type: 'step', step: 1, of: 2, title: 'Verify the image' });
  const { extents, checkedBy } = await verifyImage(image, { report, signal });
  const size = facts.bytes;
  const disk = await finishedDisk(image.device, extents, { size, identity, state: kept?.content });
  const old = partitionExtents(facts.number, systemFolders);
  const aligned = { device: disk.device, extents: deviceExtents(disk, old) };
  const title = readBack ? 'Write the data and read them back' : 'Write the data';
  report({ type: 'step', step: 2, of: 2, title });
  const work = { report, signal, resume, readBack, mark: kept?.mark };
  onBegin();
  const writtenBytes = await writeDevice(aligned, direct, work).catch((error: unknown) => {
    throw halfWritten(request.target, error);
  });
  return {
    size,
    dataBytes: extentBytes(aligned.extents),
    writtenBytes,
    checkedBy,
    readBack,
    device: facts,
  };
}

async function keptState(
  { target, report }: FlashRequest,
  folder: string,
  { cached }: TargetDevice,
): Promise<KeptState> {
  // What packs a state takes a while to load, and few keep one.
  const { keepStateOf } = await import('./target-state.ts');
  const kept = keepStateOf(target, folder, cached);
  const where = kept.leftover
    ? `the state is the one that a run which was broken off has kept in ${kept.file}`
    : `the state is kept in ${kept.file} until it is on the device again`;
  report({ type: 'note', text: where });
  return kept;
}

function assertOther(image: string, target: string): void {
  const [source, there] = [statSync(image), statSync(target)];
  if (!source.isBlockDevice() || source.rdev !== there.rdev) return;
  const message = `${target}: expected another device than the image, found the image itself`;
  throw new TwinbankError('refused', 'flash.same-file', message);
}

/** Says what is left on the target, whatever happened to it: a signal keeps its own words. */
function halfWritten(target: string, error: unknown): unknown {
  if (!(error instanceof TwinbankError) || error.kind === 'interrupted') return error;
  const { kind, code, data, message } = error;
  const named = message.startsWith(target) ? message : `${target}: ${message}`;
  const rest = 'it holds half an image that nothing boots; flash it again, with --resume to go on';
  return new TwinbankError(kind, code, `${named}; ${rest}`, { data, cause: error });
}

/** The kernel knows the partitions from before; udev asks as well, where there is one. */
async function rereadTable({ target, report }: FlashRequest): Promise<void> {
  await runTool('blockdev', ['--rereadpt', target]).catch((error: unknown) => {
    if (!(error instanceof TwinbankError)) throw error;
    const way = /^\/dev\/loop\d+$/.test(target)
      ? 'attaching it again by losetup -P'
      : 'plugging it in again';
    const text = `${target}: the kernel did not read its new partitions; ${way} shows them`;
    report({ type: 'note', text });
  });
}
