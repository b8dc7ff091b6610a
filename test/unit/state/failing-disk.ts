import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';

/** Thrown at the moment at which the power fails. */
export class PowerCut extends Error {}

export interface FailingDisk {
  device(bytes: Buffer): BlockDevice;
  /** Writes, flushes and looks past the cache so far. */
  steps(): number;
  /** A step of its own: the moment at which a cache is dropped. */
  step(): void;
  readonly fired: () => boolean;
}

/**
 * Disks with a volatile cache, all fed by one supply that fails at a step (`cutAt`, from 0). What was
 * written since the last flush is then lost, kept or torn sector by sector, as `random` (0 to 1) has it.
 */
export function failingDisk(cutAt: number, random: () => number): FailingDisk {
  let steps = 0;
  let fired = false;
  const media: { bytes: Buffer; pending: Map<number, Buffer> }[] = [];
  const fail = (): never => {
    fired = true;
    for (const { bytes, pending } of media) {
      for (const [sector, data] of pending) {
        const fate = random();
        if (fate < 0.4) continue;
        // A drive that ends in the middle of a sector leaves its beginning new and its end old.
        const whole = fate < 0.9 ? 512 : Math.floor(random() * 512);
        data.copy(bytes, sector * 512, 0, whole);
      }
      pending.clear();
    }
    throw new PowerCut();
  };
  const step = (): void => {
    if (steps++ === cutAt) fail();
  };
  return {
    device(bytes) {
      const pending = new Map<number, Buffer>();
      media.push({ bytes, pending });
      const medium = memoryDevice(bytes);
      return {
        ...medium,
        read(offset, length) {
          const found = Buffer.from(medium.read(offset, length));
          for (const [sector, data] of pending) {
            const at = sector * 512 - offset;
            if (at > -512 && at < length) data.copy(found, Math.max(at, 0), Math.max(-at, 0));
          }
          return new Uint8Array(found);
        },
        write(offset, data) {
          if (offset % 512 !== 0 || data.length % 512 !== 0)
            throw new Error('expected whole sectors');
          for (let at = 0; at < data.length; at += 512) {
            pending.set((offset + at) / 512, Buffer.from(data.subarray(at, at + 512)));
          }
          step();
        },
        flush() {
          step();
          for (const [sector, data] of pending) data.copy(bytes, sector * 512);
          pending.clear();
        },
      };
    },
    steps: () => steps,
    step,
    fired: () => fired,
  };
}
