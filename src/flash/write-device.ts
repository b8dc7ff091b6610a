import type { Report } from '../diagnostics/progress.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { type Extent, withoutExtent } from '../disk/extents.ts';
import { firstUsableLba } from '../disk/gpt.ts';
import { compareData, copyData } from './copy-data.ts';
import type { FinishedDisk } from './finished-disk.ts';

interface WriteWork {
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
  /** Keep what the target holds already, from a run that was broken off. */
  readonly resume: boolean;
  readonly readBack: boolean;
  /** Stands in place of the old table until the new one is written; within its first copy. */
  readonly mark?: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
}

/**
 * Writes a finished disk to a device that may hold anything, so that at no point firmware finds a disk there
 * that it could start but the whole new one:
 *
 * 1. the old table and boot code go, both copies;
 * 2. the data are written, flushed, and read back;
 * 3. the backup table, the table, and last the boot code are written, flushed, and read back.
 *
 * `target` has no cache in front of the medium. Returns the bytes that were written. Throws what `target`
 * throws, and `flash.read-back`.
 */
export async function writeDevice(
  disk: FinishedDisk,
  target: BlockDevice,
  work: WriteWork,
): Promise<number> {
  const { report, signal, resume, readBack } = work;
  const { head, tail, boot } = ends(target.size);
  const data = [head, tail].reduce(withoutExtent, disk.extents);
  const cleared = new Uint8Array(head.length);
  if (work.mark) cleared.set(work.mark.bytes, work.mark.offset);
  // As long as there is one copy, the disk is what it was.
  for (const [{ offset }, bytes] of [
    [head, cleared],
    [tail, new Uint8Array(tail.length)],
  ] as const) {
    target.write(offset, bytes);
    target.flush();
  }
  const source = disk.device;
  const written = await copyData(source, target, data, { task: 'write', report, signal, resume });
  target.flush();
  if (readBack) await compareData(source, target, data, { task: 'compare', report, signal });

  signal?.throwIfAborted();
  // From here on it is a matter of milliseconds, and half of it would be worth nothing.
  for (const { offset, length } of [tail, withoutBoot(head, boot), boot]) {
    target.write(offset, source.read(offset, length));
    target.flush();
  }
  const table = { task: 'compare the table', report };
  if (readBack) await compareData(source, target, [head, tail], table);
  return written + head.length + tail.length;
}

/** Where the boot code and the two copies of the table stand. */
function ends(size: number): { boot: Extent; head: Extent; tail: Extent } {
  const tableBytes = (firstUsableLba - 1) * 512;
  return {
    boot: { offset: 0, length: 512 },
    head: { offset: 0, length: 512 + tableBytes },
    tail: { offset: size - tableBytes, length: tableBytes },
  };
}

function withoutBoot(head: Extent, boot: Extent): Extent {
  return { offset: boot.length, length: head.length - boot.length };
}
