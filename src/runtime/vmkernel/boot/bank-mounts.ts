import { mkdirSync } from 'node:fs';
import { mutex } from '../../../hostcore/mutex.ts';
import { type CommandEnd, runCommand } from '../../system/command.ts';

/** A partition of the boot disk, and where an administrator finds its files. */
export interface BankMount {
  readonly folder: string;
  readonly device: string;
}

/** `/bootbank`, `/altbootbank` and `/store`, read-only: for people to look at; the system itself reads partitions. */
export interface BankMounts {
  /** Mounts them, and keeps them mounted. Reports what cannot be mounted; never throws. */
  show(mounts: readonly BankMount[]): Promise<void>;
  /**
   * Mounts anew what is on a device: it was written past the mount, which has its old directories and files in memory. Comes
   * back at once.
   */
  refresh(device: string): void;
  /** Does work with none of them mounted, as it writes everywhere and for long. */
  without<T>(work: () => T | Promise<T>): Promise<T>;
}

export interface MountPort {
  run?(program: string, args: readonly string[]): Promise<CommandEnd>;
  makeFolder?(path: string): void;
  /** `/proc/mounts` */
  readMounts(): string;
  /** How long after a write they are mounted again; an update has the banks many times in a row. Default 2 s. */
  readonly remountMs?: number;
  /** Hears what could not be done, one sentence. */
  report(why: string): void;
}

/** Root's only: a bank holds the hash of root's password among the rest of the state. Nothing in it is a program of this system. */
const options = 'ro,nosuid,nodev,noexec,noatime,umask=077,shortname=mixed';

export function bankMounts(port: MountPort): BankMounts {
  const { run = runCommand, makeFolder = makeMountPoint, readMounts, report } = port;
  const { remountMs = 2000 } = port;
  const inOrder = mutex();
  let shown: readonly BankMount[] = [];
  let writers = 0;
  let timer: NodeJS.Timeout | undefined;

  async function mount({ folder, device }: BankMount): Promise<void> {
    makeFolder(folder);
    const end = await run('/bin/mount', ['-t', 'vfat', '-o', options, device, folder]);
    if (end.code !== 0) report(`${folder}: expected ${device} to be mounted, found ${end.output}`);
  }

  /** Who has a file open there keeps it; nobody else finds it any more. */
  async function unmount({ folder }: BankMount): Promise<void> {
    const isMounted = readMounts()
      .split('\n')
      .some((line) => line.split(' ')[1] === folder);
    if (!isMounted) return;
    const end = await run('/bin/umount', ['-l', folder]);
    if (end.code !== 0) report(`${folder}: expected to be unmounted, found ${end.output}`);
  }

  const mountAnew = (isWanted: (one: BankMount) => boolean = () => true): Promise<void> =>
    inOrder(async () => {
      for (const one of shown.filter(isWanted)) {
        await unmount(one);
        if (writers === 0) await mount(one);
      }
    });

  return {
    show(mounts) {
      shown = mounts;
      return mountAnew();
    },
    refresh: (device) => void mountAnew((one) => one.device === device),
    async without(work) {
      writers++;
      clearTimeout(timer);
      await mountAnew();
      try {
        return await work();
      } finally {
        writers--;
        clearTimeout(timer);
        timer = setTimeout(() => void mountAnew(), remountMs);
        timer.unref();
      }
    },
  };
}

function makeMountPoint(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o755 });
}

/** What is shown of a boot disk; a host without a second bank or a store lacks its folder. */
export function bankFolders(
  bank: string,
  other: string | undefined,
  store: string | undefined,
): BankMount[] {
  const rows = [
    ['/bootbank', bank],
    ['/altbootbank', other],
    ['/store', store],
  ] as const;
  return rows.flatMap(([folder, device]) => (device === undefined ? [] : [{ folder, device }]));
}
