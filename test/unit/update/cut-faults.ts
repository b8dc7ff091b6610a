import { TwinbankError } from '../../../src/diagnostics/error.ts';
import type { BlockDevice } from '../../../src/disk/block-device.ts';
import type { HostDisk } from '../../../src/update/host-disk.ts';
import type { CutDisk } from './cut-disk.ts';

/** A disk whose medium fails once, and whether that has happened. */
export interface FaultyDisk {
  readonly disk: HostDisk;
  readonly fired: () => boolean;
}

/** One write or flush, counted from 0, fails with an error of the medium; of a write the first sectors are there. */
export function failingAt(disk: CutDisk, failing: number): FaultyDisk {
  let operation = 0;
  const failsNow = (): boolean => operation++ === failing;
  const fail = (): never => {
    throw new TwinbankError('io', 'device.write', 'disk: could not write: EIO');
  };
  return {
    fired: () => operation > failing,
    disk: disk.forUpdate((device) => ({
      ...device,
      write(offset, bytes) {
        const fails = failsNow();
        const half = Math.floor(bytes.length / 1024) * 512;
        device.write(offset, fails ? bytes.subarray(0, half) : bytes);
        if (fails) fail();
      },
      flush: () => (failsNow() ? fail() : device.flush()),
    })),
  };
}

interface Lost {
  readonly device: BlockDevice;
  readonly offset: number;
  /** What the medium has there. */
  readonly bytes: Uint8Array;
}

/** Which write is lost, counted from 0, and which bytes of it. */
export interface Dropped {
  readonly write: number;
  readonly from: number;
  readonly until: number;
}

/**
 * A part of one write never reaches the medium, though nothing says so: until the caches are dropped it can be
 * read.
 */
export function dropping(disk: CutDisk, dropped: Dropped): FaultyDisk {
  let write = 0;
  let lost: Lost | undefined;
  const inner = disk.forUpdate((device) => ({
    ...device,
    write(offset, bytes) {
      if (write++ === dropped.write) {
        const start = offset + dropped.from;
        lost = { device, offset: start, bytes: device.read(start, dropped.until - dropped.from) };
      } else if (lost?.device === device) {
        // What is written after it is kept, wherever that is.
        const from = Math.max(offset, lost.offset);
        const until = Math.min(offset + bytes.length, lost.offset + lost.bytes.length);
        if (from < until) {
          lost.bytes.set(bytes.subarray(from - offset, until - offset), from - lost.offset);
        }
      }
      device.write(offset, bytes);
    },
  }));
  return {
    fired: () => write > dropped.write,
    disk: {
      ...inner,
      async dropCaches() {
        if (!lost) return;
        const { device, offset, bytes } = lost;
        lost = undefined;
        device.write(offset, bytes);
      },
    },
  };
}
