import { TwinbankError } from '../../diagnostics/error.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import type { Extent } from '../../disk/extents.ts';

/** Thrown by everything that touches the disk of a machine without power. */
export class PowerFailure extends Error {
  readonly where: string;

  constructor(where: string) {
    super(`power failed at ${where}`);
    this.name = 'PowerFailure';
    this.where = where;
  }
}

/** A disk that can be made read-only and that can lose its power between two writes. */
export interface Medium extends BlockDevice {
  setReadOnly(readOnly: boolean): void;
  /** From now on writes to these ranges fail, each with an error of the device. */
  failWrites(ranges: readonly Extent[]): void;
  /** The power will fail instead of the n-th write from now on, counted from 1. */
  cutBeforeWrite(n: number): void;
  /** Whether that has not happened yet. */
  cutIsWaiting(): boolean;
  powerOff(where: string): void;
  powerOn(): void;
  hasPower(): boolean;
}

/** `device` behind these switches: powered, writable. Each write is whole or not done at all. */
export function medium(device: BlockDevice): Medium {
  let readOnly = false;
  let bad: readonly Extent[] = [];
  let failedAt: string | undefined;
  let writes = 0;
  let cutAt: number | undefined;
  const assertPower = () => {
    if (failedAt !== undefined) throw new PowerFailure(failedAt);
  };
  return {
    size: device.size,
    read(offset, length, scratch) {
      assertPower();
      return device.read(offset, length, scratch);
    },
    write(offset, bytes) {
      assertPower();
      writes += 1;
      if (writes === cutAt) {
        // Whoever made the write may take its failure for that of the medium; the next access fails too.
        failedAt = `write ${writes}`;
        cutAt = undefined;
        assertPower();
      }
      if (readOnly) throw new TwinbankError('io', 'device.read-only', 'the disk is read-only');
      const end = offset + bytes.length;
      if (bad.some((range) => offset < range.offset + range.length && range.offset < end)) {
        throw new TwinbankError('io', 'device.io', 'the disk reports an input/output error');
      }
      device.write(offset, bytes);
    },
    flush() {
      assertPower();
      device.flush();
    },
    setReadOnly(value) {
      readOnly = value;
    },
    failWrites(ranges) {
      bad = ranges;
    },
    cutBeforeWrite(n) {
      writes = 0;
      cutAt = n;
    },
    cutIsWaiting: () => cutAt !== undefined,
    powerOff(where) {
      failedAt = where;
    },
    powerOn() {
      failedAt = undefined;
    },
    hasPower: () => failedAt === undefined,
  };
}
