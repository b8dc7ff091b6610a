import { dirname, join, normalize } from 'node:path/posix';
import { mergedUsrPath } from './deb-archive.ts';
import { type ElfInfo, isElf } from './elf.ts';
import type { FileTree } from './file-tree.ts';

/** Where the dynamic loader of Debian's libc6 looks without being told, on a merged /usr. */
export const libraryDirectory = 'usr/lib/x86_64-linux-gnu';
const systemDirectories = [libraryDirectory, 'usr/lib', 'usr/lib64'];

/** Whether every program finds a library at this path, and not just those whose run path leads there. */
export function isFoundByAll(path: string): boolean {
  return systemDirectories.includes(dirname(path));
}

/** A library in a package: the file that holds its bytes, and the path the loader will open. */
export interface FoundLibrary {
  readonly file: string;
  readonly path: string;
  readonly data: Uint8Array;
}

/** True for paths that may be shared libraries or links to them. */
export function isLibrary(path: string): boolean {
  return path.startsWith('usr/lib') && /\.so(\.[^/]*)?$/.test(path);
}

/** Directories searched for what an ELF file at `path` needs, its own before the system's. */
export function librarySearch(elf: ElfInfo, path: string): string[] {
  const own = elf.searchPath.map((directory) => {
    const origin = `/${dirname(path)}`;
    const absolute = normalize(directory.replace(/\$\{?ORIGIN\}?/g, origin));
    return mergedUsrPath(absolute.replace(/^\/+/, '').replace(/\/$/, ''));
  });
  return [...own, ...systemDirectories];
}

/**
 * The library `soname` in a package's files: where the loader would find it, else anywhere, to be put
 * into the system's directory (such as what update-alternatives would have linked there).
 */
export function findLibrary(
  tree: FileTree,
  soname: string,
  search: readonly string[],
): FoundLibrary | undefined {
  for (const directory of search) {
    const path = `${directory}/${soname}`;
    const found = followLinks(tree, path);
    if (found) return { ...found, path };
  }
  for (const path of [...tree.keys()].sort()) {
    if (!path.endsWith(`/${soname}`)) continue;
    const found = followLinks(tree, path);
    if (found) return { ...found, path: `${libraryDirectory}/${soname}` };
  }
  return undefined;
}

function followLinks(tree: FileTree, path: string): { file: string; data: Uint8Array } | undefined {
  let file = path;
  // Eight links in a row are a loop, or nobody's library.
  for (let hops = 0; hops < 8; hops++) {
    const entry = tree.get(file);
    if (entry?.type === 'file') return isElf(entry.data) ? { file, data: entry.data } : undefined;
    if (entry?.type !== 'symlink') return undefined;
    const target = entry.target.startsWith('/')
      ? entry.target.slice(1)
      : join(dirname(file), entry.target);
    file = mergedUsrPath(target);
  }
  return undefined;
}
