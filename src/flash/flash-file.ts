import { closeSync, fsyncSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { openDirect } from '../disk/direct-device.ts';
import { extentBytes } from '../disk/extents.ts';
import { attempt, openFileDevice } from '../disk/file-device.ts';
import { type OpenImage, openImage } from '../disk/open-image.ts';
import { sweepTemporaryImages, temporaryImage } from '../disk/temporary-image.ts';
import { compareData, copyData } from './copy-data.ts';
import { type FinishedDisk, finishedDisk } from './finished-disk.ts';
import type { FlashRequest, FlashResult } from './flash-image.ts';
import { checkTargetFile } from './target-file.ts';
import { stateOfFile } from './target-state.ts';
import { verifyImage } from './verify-image.ts';

export type FlashFileRequest = Omit<FlashRequest, 'confirm' | 'resume'>;

/**
 * Makes a disk file of an image: verified before the first byte, sparse, read back after the last, and
 * under its name only when it is whole. Throws what `verifyImage`, `checkTargetFile` and `copyData` throw,
 * `flash.size` (kind `refused`) for a size that the image does not fit, and kind `io` for a disk without room.
 */
export async function flashFile(request: FlashFileRequest): Promise<FlashResult> {
  const { report, signal, identity } = request;
  const image = openImage(request.image);
  try {
    const target = checkTargetFile(request.target, request.image, request.overwrite ?? false);
    const size = request.size ?? image.device.size;
    assertFits(request, image, size);
    const state = request.keepState && stateOfFile(request.target);
    report({ type: 'step', step: 1, of: 3, title: 'Verify the image' });
    const { extents, checkedBy } = await verifyImage(request.image, image, { report, signal });
    const disk = await finishedDisk(image.device, extents, { size, identity, state });
    const dataBytes = extentBytes(disk.extents);
    await sweepTemporaryImages(dirname(target));
    await temporaryImage(dirname(target), dataBytes, async (path) => {
      await writeDisk(path, disk, request).catch((error: unknown) => {
        throw underName(target, path, error);
      });
      signal?.throwIfAborted();
      attempt(target, 'replace', () => renameSync(path, target));
      flushFolder(dirname(target));
    });
    const readBack = request.readBack ?? true;
    return { size, dataBytes, writtenBytes: dataBytes, checkedBy, readBack };
  } finally {
    image.close();
  }
}

function assertFits({ target }: FlashFileRequest, { device }: OpenImage, size: number): void {
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
  { report, signal, readBack = true }: FlashFileRequest,
): Promise<void> {
  const { device: source, extents } = disk;
  const target = openFileDevice(path, { create: true, size: source.size });
  try {
    report({ type: 'step', step: 2, of: 3, title: 'Write the data' });
    await copyData(source, target, extents, { task: 'write', report, signal });
    target.flush();
    if (!readBack) return;
    report({ type: 'step', step: 3, of: 3, title: 'Read it back' });
    const direct = openDirect(target);
    try {
      const work = { task: 'compare', report, signal };
      await compareData(source, direct ?? target, extents, work);
    } finally {
      direct?.close();
    }
  } finally {
    target.close();
  }
}

/** The person knows the file by its own name, not by the one it has while it grows. */
function underName(target: string, path: string, error: unknown): unknown {
  if (!(error instanceof TwinbankError)) return error;
  const { kind, code, data, message } = error;
  const rest = code === 'flash.read-back' ? `: ${message}` : message.split(path)[1];
  if (rest === undefined) return error;
  return new TwinbankError(kind, code, `${target}${rest}`, { data, cause: error });
}

/** A name is on the disk only once its folder is. */
function flushFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
