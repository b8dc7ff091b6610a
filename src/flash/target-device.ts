import { statSync } from 'node:fs';
import { TwinbankError } from '../diagnostics/error.ts';
import { exactSize, humanSize } from '../diagnostics/size.ts';
import { openDirect } from '../disk/direct-device.ts';
import { type FileDevice, openFileDevice } from '../disk/file-device.ts';
import { type DeviceFacts, readDeviceFacts } from '../host/device/device-facts.ts';
import { deviceNumber, type SystemFolders, systemFolders } from '../host/device/sysfs.ts';
import { withDiskClaim } from '../host/disk-claim.ts';

/** A block device that nobody else uses, and that nobody can mount before it is closed. */
export interface TargetDevice {
  readonly facts: DeviceFacts;
  /** Through the kernel's cache, at any offset. */
  readonly cached: FileDevice;
  /** Past it, in whole sectors. */
  readonly direct: FileDevice;
}

/**
 * Claims a block device for as long as `use` runs. Refuses (kind `refused`), before it is opened, `flash.device-unknown`,
 * `flash.device-partition`, `device.sector-size`, `flash.device-read-only`, `flash.size` for less than `needed`
 * bytes; throws what `withDiskClaim` throws, and kind `io`.
 */
export async function withTargetDevice<T>(
  path: string,
  { needed, signal }: { needed: number; signal?: AbortSignal | undefined },
  use: (target: TargetDevice) => Promise<T>,
): Promise<T> {
  const facts = checkDevice(path, needed, systemFolders);
  const work = async (): Promise<T> => {
    const cached = openFileDevice(path, { writable: true });
    const direct = openDirect(cached, { writable: true });
    try {
      if (!direct) throw directUnsupported(path);
      return await use({ facts, cached, direct });
    } finally {
      direct?.close();
      cached.close();
    }
  };
  return withDiskClaim(path, work, { signal });
}

/** The facts of a block device that may be erased. Throws as {@link withTargetDevice} does. */
function checkDevice(path: string, needed: number, folders: SystemFolders): DeviceFacts {
  const stat = statSync(path);
  const facts = readDeviceFacts(deviceNumber(stat.rdev), folders);
  const refuse = (code: string, expected: string, found: string): never => {
    const message = `${path}: expected ${expected}, found ${found}`;
    throw new TwinbankError('refused', code, message, { data: { target: path } });
  };
  if (!facts) return refuse('flash.device-unknown', 'a device that sysfs knows', 'none');
  if (facts.partOf !== null) {
    refuse('flash.device-partition', 'a whole disk', `a partition of ${facts.partOf}`);
  }
  if (facts.logicalSector !== 512) {
    const expected = 'a device with logical sectors of 512 bytes';
    refuse('device.sector-size', expected, String(facts.logicalSector));
  }
  if (facts.readOnly) refuse('flash.device-read-only', 'a device to write to', 'a read-only one');
  if (facts.bytes < needed) {
    const found = facts.bytes === 0 ? 'no medium in it' : exactSize(facts.bytes);
    refuse('flash.size', `a device of ${humanSize(needed)} (${needed} bytes) or more`, found);
  }
  return facts;
}

function directUnsupported(path: string): TwinbankError {
  const message = `${path}: expected a device that can be read past the cache, found none`;
  return new TwinbankError('io', 'flash.direct', message);
}
