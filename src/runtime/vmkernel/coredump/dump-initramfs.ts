import type { NewcEntry } from '../../../disk/newc.ts';
import { encodeNewc } from '../../../disk/newc.ts';

/** A file of the running system, by its path. */
export interface SystemFile {
  readonly path: string;
  readonly data: Uint8Array;
}

export interface DumpFiles {
  /** makedumpfile. */
  readonly program: Uint8Array;
  /** What it is linked with, the loader among it, by the paths that it is found by. */
  readonly libraries: readonly SystemFile[];
  /** Drivers of the disk, in the order in which they are loaded. */
  readonly drivers: readonly SystemFile[];
}

/**
 * The archive that the dump kernel has behind the bank's own initramfs: Linux unpacks one after the other (kernel documentation,
 * driver-api/early-userspace/buffer-format). The programs that begin there are the bank's (src/runtime/image/initramfs).
 */
export function encodeDumpInitramfs({ program, libraries, drivers }: DumpFiles): Uint8Array {
  const tree = new Map<string, NewcEntry>();
  const add = (path: string, mode: number, data: Uint8Array): void => {
    const names = path.split('/').filter(Boolean);
    for (let depth = 1; depth < names.length; depth++) {
      const folder = names.slice(0, depth).join('/');
      if (!tree.has(folder)) tree.set(folder, { type: 'directory', mode: 0o755 });
    }
    tree.set(names.join('/'), { type: 'file', mode, data });
  };
  add('bin/makedumpfile', 0o755, program);
  for (const { path, data } of libraries) add(path, 0o755, data);
  const names = drivers.map(({ path }) => `/lib/coredump/${path.slice(path.lastIndexOf('/') + 1)}`);
  drivers.forEach(({ data }, at) => {
    add(names[at] ?? '', 0o644, data);
  });
  const list = Buffer.from(names.map((name) => `${name}\n`).join(''));
  add('lib/coredump-drivers', 0o644, list);
  return encodeNewc(tree);
}

/** The paths of what a program is linked with, from what the dynamic loader says of it (`--list`, ld.so(8)). */
export function parseLibraries(listing: string): string[] {
  return listing.split('\n').flatMap((line) => {
    const path = /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1];
    return path === undefined ? [] : [path];
  });
}
