import { closeSync, existsSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { unlessDamaged } from '../bootloader/damage.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { refusedAt } from '../diagnostics/system-error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { openDirect } from '../disk/direct-device.ts';
import { type DiskFormat, diskFormats } from '../disk/disk-formats.ts';
import { extentBytes } from '../disk/extents.ts';
import { attempt, openFileDevice } from '../disk/file-device.ts';
import { withdrawDocuments, withdrawnText } from '../disk/image-documents.ts';
import { openImage } from '../disk/open-image.ts';
import { sweepTemporaryImages, temporaryImage } from '../disk/temporary-image.ts';
import { withReplaceClaims } from '../host/disk-claim.ts';
import { compareData, copyData } from './copy-data.ts';
import { type FinishedDisk, finishedDisk } from './finished-disk.ts';
import type { FlashRequest, FlashResult } from './flash-image.ts';
import { lostDatastore } from './lost-datastore.ts';
import { type FlashSource, openSource } from './open-source.ts';
import { checkTargetFile } from './target-file.ts';
import { type VerifiedImage, verifyImage } from './verify-image.ts';

export type FlashFileRequest = Omit<FlashRequest, 'confirm' | 'resume'>;

/**
 * Makes a disk file of an image: sparse, read back after the last byte, and under its name only when it is whole and verified: before
 * the first byte, or, as that is seen by nobody, while it is written. Throws what `verifyImage`, `checkTargetFile` and `copyData` throw,
 * `flash.size` (kind `refused`) for a size that the image does not fit, what `withReplaceClaims` throws, and kind `io` for a disk
 * without room.
 */
export async function flashFile(request: FlashFileRequest): Promise<FlashResult> {
  const { signal } = request;
  const image = await openSource(request);
  try {
    const target = targetOf(request);
    const replaced = [{ path: target, name: request.target }];
    const isNew = !existsSync(target);
    if (!isNew) warnOfDatastore(target, request);
    const write = () =>
      writeTarget(image, target, request, async (replace) => {
        if (!isNew) return replace();
        // Seconds have passed: what another program has made under this name meanwhile is looked at as what was there before.
        targetOf(request);
        await withReplaceClaims(replaced, async () => replace(), { signal });
      });
    return await withReplaceClaims(replaced, write, { signal });
  } finally {
    image.close();
  }
}

/** Of a disk file that is replaced; another file has none. */
function warnOfDatastore(path: string, { target, report }: FlashFileRequest): void {
  const read = (): string | undefined => {
    const { device, close } = openImage(path);
    try {
      return lostDatastore(target, device);
    } finally {
      close();
    }
  };
  const lost = unlessDamaged(read, () => {}, ['corrupt', 'io', 'refused']);
  if (lost !== undefined) report({ type: 'warning', text: lost });
}

function targetOf({ target, input, image, overwrite = false }: FlashFileRequest): string {
  return checkTargetFile(target, input ? undefined : image, overwrite);
}

/** `claimed` runs the work that gives the target its name. */
async function writeTarget(
  image: FlashSource,
  target: string,
  request: FlashFileRequest,
  claimed: (replace: () => void) => Promise<void>,
): Promise<FlashResult> {
  const { report, signal, identity } = request;
  const size = request.size ?? image.device.size;
  if (request.size !== undefined) assertFits(request, image, size);
  const state = request.keepState && (await stateToKeep(request.target));
  report({ type: 'step', step: 1, of: 3, title: 'Verify the image' });
  const whole = size === image.device.size && size % 512 === 0;
  const whileCopied = whole && !state && identity === undefined && !formatOf(request.target);
  const { extents, checkedBy, rest } = await verifyImage(image, { report, signal, whileCopied });
  // Of a size that is none, the hashes have more to say.
  assertFits(request, image, size);
  const disk = await finishedDisk(image.device, extents, { size, identity, state });
  const dataBytes = extentBytes(disk.extents);
  await sweepTemporaryImages(dirname(target));
  await temporaryImage(dirname(target), dataBytes, async (path) => {
    await writeDisk(path, disk, rest, request).catch((error: unknown) => {
      throw underName(target, path, error);
    });
    signal?.throwIfAborted();
    await claimed(() => {
      // What lies beside the target is not of this disk; what the image itself has stays, of one that has the target's name, too.
      const except = request.input ? undefined : request.image;
      const withdrawn = withdrawDocuments(target, { change: 'system', except });
      if (withdrawn.length > 0) report({ type: 'note', text: withdrawnText(target, withdrawn) });
      attempt(target, 'replace', () => renameSync(path, target));
    });
    flushFile(dirname(target));
  });
  const readBack = request.readBack ?? true;
  return { size, dataBytes, writtenBytes: dataBytes, checkedBy, readBack };
}

/** What packs a state takes a while to load, and few keep one. */
async function stateToKeep(target: string): Promise<Uint8Array> {
  const { stateOfFile } = await import('./target-state.ts');
  return stateOfFile(target);
}

function assertFits({ target }: FlashFileRequest, { device }: FlashSource, size: number): void {
  if (size >= device.size && size % 512 === 0) return;
  throw new TwinbankError(
    'refused',
    'flash.size',
    `${target}: expected a size of ${device.size} bytes or more, in whole sectors of 512, found ${size}`,
    { data: { size, needed: device.size } },
  );
}

async function writeDisk(
  path: string,
  disk: FinishedDisk,
  rest: VerifiedImage['rest'],
  request: FlashFileRequest,
): Promise<void> {
  const { report, signal, readBack = true } = request;
  const title = rest ? 'Write the data, and verify what is written' : 'Write the data';
  report({ type: 'step', step: 2, of: 3, title });
  const format = formatOf(request.target);
  if (format) {
    await format.write(path, disk, { fileName: basename(request.target), use: 'run' });
    flushFile(path);
  } else await writeRaw(path, disk, rest, request);
  rest?.end();
  if (!readBack) return;
  report({ type: 'step', step: 3, of: 3, title: 'Read it back' });
  const written = format ? openImage(path) : openUncached(path);
  try {
    const work = { task: 'compare', report, signal };
    await compareData(disk.device, written.device, disk.extents, work);
  } finally {
    written.close();
  }
}

/** Disks of virtual machines by the ending of their name; undefined for all others, which are raw. */
function formatOf(target: string): DiskFormat | undefined {
  const ending = extname(target).slice(1).toLowerCase();
  return diskFormats.find((format) => format.ending === ending);
}

/** Past the cache where the file system knows how. */
function openUncached(path: string): { readonly device: BlockDevice; close(): void } {
  const file = openFileDevice(path);
  const direct = openDirect(file);
  file.close();
  if (direct) return { device: direct, close: () => direct.close() };
  const cached = openFileDevice(path);
  return { device: cached, close: () => cached.close() };
}

async function writeRaw(
  path: string,
  { device, extents }: FinishedDisk,
  rest: VerifiedImage['rest'],
  { report, signal }: FlashFileRequest,
): Promise<void> {
  const target = openFileDevice(path, { create: true, size: device.size });
  try {
    const work = { task: 'write', report, signal, look: rest?.look };
    await copyData(device, target, rest?.ranges ?? extents, work);
    target.flush();
  } finally {
    target.close();
  }
}

/** The person knows the file by its own name, not by the one it has while it grows. */
function underName(target: string, path: string, error: unknown): unknown {
  if (!(error instanceof TwinbankError)) return error;
  const refused = refusedAt(target, 'write', error);
  if (refused) return refused;
  const { kind, code, data, message } = error;
  const rest = code === 'flash.read-back' ? `: ${message}` : message.split(path)[1];
  if (rest === undefined) return error;
  return new TwinbankError(kind, code, `${target}${rest}`, { data, cause: error });
}

/** Of a folder, too: a name is on the disk only once its folder is. */
function flushFile(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
