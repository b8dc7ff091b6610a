import type { BlockDevice } from '../disk/block-device.ts';

/** A bank's partition as an update needs it. */
export interface HostBank {
  /** GPT partition number. */
  readonly number: number;
  /** Of the partition on its disk, for the volume's header should it have to be made anew. */
  readonly firstLba: number;
  readonly device: BlockDevice;
}

/**
 * The disk that is updated: an image at rest, whose partitions are parts of one file, or that of the running
 * system, whose partitions are devices of their own, with caches that know nothing of one another.
 */
export interface HostDisk {
  readonly banks: readonly HostBank[];
  /** Undefined where there is none. */
  readonly store: BlockDevice | undefined;
  /** Writes out what is cached and forgets it, so that the next reads come from the medium. */
  dropCaches(): Promise<void>;
}
