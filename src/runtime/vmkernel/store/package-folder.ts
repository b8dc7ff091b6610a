import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { ManifestPackage } from '../../../bootloader/bank-manifest.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import { type CommandEnd, runCommand } from '../../system/command.ts';
import { appendToOwnFile, createOwnFile, removeOwnFile } from '../../system/root-file.ts';
import type { PackageTaker } from './read-package.ts';

/** A package that can be used: a folder with what is in it, or its file where it is used as a whole. */
export interface OpenedPackage {
  readonly id: string;
  readonly type: string;
  readonly version: string;
  readonly path: string;
}

/** A package on its way into memory. */
export interface PackageCopy extends PackageTaker {
  /** What was written is right: it can be used from now on. Throws `store.not-mounted`. */
  keep(): Promise<OpenedPackage>;
  /** It is not; removes what was written. */
  discard(): void;
}

/** Where packages are in memory, in a folder that only root may write. */
export interface PackageFolder {
  /** One that was kept before in this boot, by another vmkd as well. */
  find(one: ManifestPackage): OpenedPackage | undefined;
  begin(one: ManifestPackage): PackageCopy;
}

export interface PackagePlaces {
  readonly folder?: string;
  /** `/proc/mounts` */
  readMounts(): string;
  run?(program: string, args: readonly string[]): Promise<CommandEnd>;
}

/** Types whose file is a squashfs. Nothing in firmware is a program. */
const mountOptions: Readonly<Record<string, string>> = {
  firmware: 'loop,ro,nosuid,nodev,noexec',
  tools: 'loop,ro,nosuid,nodev',
};

/** Packages in the memory of the running system: `ID-HASH` is the folder of one, or the file of one that is used as a whole. */
export function packageFolder(places: PackagePlaces): PackageFolder {
  const { folder = '/run/twinbank/store', readMounts, run = runCommand } = places;
  const pathOf = ({ id = '', sha256 }: ManifestPackage): string =>
    join(folder, `${id}-${sha256.slice(0, 16)}`);
  const opened = (one: ManifestPackage): OpenedPackage => {
    const { id = '', type = '', version = '' } = one;
    return { id, type, version, path: pathOf(one) };
  };
  return {
    find(one) {
      const path = pathOf(one);
      const isMounted = (): boolean =>
        readMounts()
          .split('\n')
          .some((line) => line.split(' ')[1] === path);
      // A file has its name only once all of it was right.
      const isThere = one.type && mountOptions[one.type] ? isMounted() : existsSync(path);
      return isThere ? opened(one) : undefined;
    },
    begin(one) {
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      const path = pathOf(one);
      const options = one.type === undefined ? undefined : mountOptions[one.type];
      const file = options === undefined ? path : `${path}.sqfs`;
      const unfinished = `${file}.new`;
      return {
        restart: () => createOwnFile(unfinished, '', { mode: 0o444 }),
        write: (chunk) => noted(one, () => appendToOwnFile(unfinished, chunk)),
        discard: () => removeOwnFile(unfinished),
        async keep() {
          renameSync(unfinished, file);
          if (options === undefined) return opened(one);
          mkdirSync(path, { recursive: true, mode: 0o755 });
          const end = await run('/bin/mount', ['-t', 'squashfs', '-o', options, file, path]);
          if (end.code === 0) return opened(one);
          removeOwnFile(file);
          const message = `store: expected ${one.name} to be mounted at ${path}, found exit code ${end.code}: ${end.output}`;
          throw new RpcError('store.not-mounted', message);
        },
      };
    },
  };
}

function noted(one: ManifestPackage, write: () => void): void {
  try {
    write();
  } catch (error) {
    const message = `store: expected room in memory for the ${one.bytes} bytes of ${one.name}, found ${(error as Error).message}`;
    throw new RpcError('store.no-memory', message);
  }
}
