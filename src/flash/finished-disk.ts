import { TwinbankError } from '../diagnostics/error.ts';
import { type BlockDevice, readSoon } from '../disk/block-device.ts';
import { type Extent, normalizeExtents, recordingDevice } from '../disk/extents.ts';
import { moveBackup } from '../disk/gpt.ts';
import { readProtectiveMbr, writeProtectiveMbr } from '../disk/mbr.ts';
import { overlayDevice } from '../disk/overlay-device.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { nextBanks } from '../state/next-banks.ts';
import { saveState } from '../state/save-state.ts';
import { freshIds } from './fresh-ids.ts';

/** A disk as it shall stand on a target, before a byte of it is written there. */
export interface FinishedDisk {
  /** As large as the target; for reading. */
  readonly device: BlockDevice;
  /** What has to be written, normalised. */
  readonly extents: readonly Extent[];
}

interface Finish {
  /** Bytes of the target, at least those of the image. */
  readonly size: number;
  /** What GUIDs and serials are derived from; default: those of the image stay. */
  readonly identity?: string | undefined;
  /** A packed state that the system starts from. */
  readonly state?: Uint8Array | undefined;
}

/**
 * An image with everything that is different on one target, in memory: backup GPT at the end of a larger
 * disk, identities of its own, a state. So whatever can fail with these does before the target is touched, and
 * what is written is read back against the same bytes. Throws what `moveBackup` and `saveState` throw.
 */
export async function finishedDisk(
  image: BlockDevice,
  extents: readonly Extent[],
  { size, identity, state }: Finish,
): Promise<FinishedDisk> {
  const isSame = size === image.size && identity === undefined && !state;
  if (isSame) return { device: image, extents: normalizeExtents(extents) };
  const changes = recordingDevice(overlayDevice(longerDevice(image, size)));
  if (size > image.size) growTable(changes);
  if (identity !== undefined) freshIds(changes, identity);
  if (state) await putState(changes, state);
  const device: BlockDevice = { ...changes, flush() {} };
  return { device, extents: normalizeExtents([...extents, ...changes.written()]) };
}

/** The same device with zeros behind its end. */
function longerDevice(base: BlockDevice, size: number): BlockDevice {
  const readOver = (offset: number, length: number): Uint8Array => {
    const there = Math.max(0, Math.min(length, base.size - offset));
    const bytes = new Uint8Array(length);
    if (there > 0) bytes.set(base.read(offset, there));
    return bytes;
  };
  return {
    size,
    read(offset, length, scratch) {
      if (offset + length > base.size) return readOver(offset, length);
      return base.read(offset, length, scratch);
    },
    async readAsync(offset, length, scratch) {
      if (offset + length > base.size) return readOver(offset, length);
      return readSoon(base, { offset, length }, scratch);
    },
    write() {
      throw new TwinbankError('internal', 'flash.image-write', 'expected an image to be read only');
    },
    flush() {},
  };
}

/** The table of a disk that has become larger: backup GPT at the new end, all of it in the MBR. */
function growTable(disk: BlockDevice): void {
  const { active } = readProtectiveMbr(disk);
  moveBackup(disk);
  writeProtectiveMbr(disk, { active });
}

async function putState(disk: BlockDevice, state: Uint8Array): Promise<void> {
  const { own, other } = nextBanks(disk);
  const bank = partitionDevice(disk, own);
  await saveState({ bank, other: other && partitionDevice(disk, other) }, state);
}
