import { closeSync, constants, openSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { type DeviceUse, deviceNames, deviceUses, fileUses } from './device/device-uses.ts';
import { isFileLocked, isLocked } from './device/file-locks.ts';
import { deviceNumber, type SystemFolders, systemFolders } from './device/sysfs.ts';
import { withFileLock } from './file-lock.ts';

interface ClaimOptions {
  readonly signal?: AbortSignal | undefined;
  /** To wait for another program that changes it; default 10. */
  readonly seconds?: number | undefined;
  /** What people call it; default its path. */
  readonly name?: string | undefined;
  /** Default those of this host. */
  readonly folders?: SystemFolders | undefined;
}

/**
 * Runs work that writes a disk, an image or a block device, where nobody else uses it: the one way to do that.
 *
 * 1. It is locked by flock(2), as systemd and we ask of programs that change a disk; so udev does not look meanwhile.
 * 2. Nobody else may use it: no lock of another kind on it, on its partitions or what is made of them, as QEMU has for
 *    the disk of a running machine; no mount, no swap space, no mapped device or RAID, no loop device.
 * 3. A block device is claimed (open(2), O_EXCL), so that nobody can mount it until the work is done. A file can be claimed against
 *    those alone who ask for flock(2): a QEMU that is started after step 2 looks at locks of another kind.
 *
 * Throws kind `refused`: `lock.busy`, `disk.in-use`, and `disk.system` for what this host runs from; and what
 * `withFileLock` throws.
 */
export async function withDiskClaim<T>(
  path: string,
  work: () => Promise<T>,
  options: ClaimOptions = {},
): Promise<T> {
  const { signal, seconds, name = path, folders = systemFolders } = options;
  // Before it is opened, as some cannot even be that; and again when nobody can begin to use it any more.
  assertUnused(path, name, statSync(path), folders);
  const limits = { ...(signal && { signal }), ...(seconds !== undefined && { seconds }) };
  return withFileLock(
    path,
    async () => {
      const stat = statSync(path);
      assertUnused(path, name, stat, folders);
      const claim = stat.isBlockDevice() ? claimDevice(path, name) : undefined;
      try {
        return await work();
      } finally {
        if (claim !== undefined) closeSync(claim);
      }
    },
    limits,
  );
}

/** A file that another one takes the place of. */
export interface Replaced {
  readonly path: string;
  /** What people call it. */
  readonly name: string;
}

/**
 * Runs work that gives files the names of others. A machine that has one of these open would go on with a file that has no name
 * any more, and all that it writes would be lost; so each that is there is claimed as one that is written. Throws as
 * {@link withDiskClaim} does.
 */
export async function withReplaceClaims<T>(
  [first, ...others]: readonly Replaced[],
  work: () => Promise<T>,
  options: Pick<ClaimOptions, 'signal'> = {},
): Promise<T> {
  if (!first) return work();
  const next = (): Promise<T> => withReplaceClaims(others, work, options);
  if (!statSync(first.path, { throwIfNoEntry: false })?.isFile()) return next();
  return withDiskClaim(first.path, next, { ...options, name: first.name });
}

function assertUnused(path: string, name: string, stat: Stats, folders: SystemFolders): void {
  const isDevice = stat.isBlockDevice();
  const number = deviceNumber(stat.rdev);
  const uses = isDevice ? deviceUses(number, folders) : fileUses(realpathSync(path), folders);
  const first = uses.find(({ system }) => system) ?? uses[0];
  if (first) throw used(name, first, uses.length - 1, isDevice);
  const locked = isDevice
    ? nodesOf(number, stat, folders).some((node) => isLocked(node, folders, { foreign: true }))
    : isFileLocked(path, folders, true);
  if (!locked) return;
  throw inUse(name, isDevice, 'a lock on it: a virtual machine or another program has it open');
}

/** Whoever has a partition open has locked its own node. */
function nodesOf(number: string, own: Stats, folders: SystemFolders): Stats[] {
  const others = deviceNames(number, folders).map((name) =>
    statSync(join('/dev', name), { throwIfNoEntry: false }),
  );
  return [own, ...others.filter((stat) => stat !== undefined)];
}

function used(name: string, first: DeviceUse, others: number, isDevice: boolean): TwinbankError {
  const more = others > 0 ? ` and ${others} more` : '';
  const found = `${first.device} ${first.what}${more}`;
  if (!first.system) return inUse(name, isDevice, found);
  const message = `${name}: expected a disk that this host can lose, found ${found}`;
  return new TwinbankError('refused', 'disk.system', message, { data: { target: name } });
}

function inUse(name: string, isDevice: boolean, found: string, cause?: unknown): TwinbankError {
  const expected = isDevice ? 'a device that nobody uses' : 'a disk file that nobody uses';
  const message = `${name}: expected ${expected}, found ${found}`;
  const data = { target: name };
  return new TwinbankError('refused', 'disk.in-use', message, { data, cause });
}

/** An open file of a device; as long as it is open nobody mounts it. */
function claimDevice(path: string, name: string): number {
  const { O_RDONLY, O_EXCL, O_NONBLOCK } = constants;
  try {
    return openSync(path, O_RDONLY | O_EXCL | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    throw inUse(name, true, 'the kernel or another program to have claimed it', error);
  }
}
