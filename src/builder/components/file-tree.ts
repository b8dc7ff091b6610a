import { TwinbankError } from '../../diagnostics/error.ts';

/** The component that an entry was taken from. */
export type EntryOrigin = {
  /** Id of the component, such as `deb:libc6`. */
  readonly id: string;
  /** Path in it. */
  readonly path: string;
  /** The content is not what the component has: it was stripped, or parts of it blanked. */
  readonly changed?: true;
};

/** One thing of a tree. Modes are permission bits (0o755); owners and times are the image's affair. */
export type TreeEntry =
  | (EntryBase & { readonly type: 'file'; readonly mode: number; readonly data: Uint8Array })
  | { readonly type: 'directory'; readonly mode: number }
  | (EntryBase & { readonly type: 'symlink'; readonly target: string });

interface EntryBase {
  /** Undefined for what is made here. */
  readonly from?: EntryOrigin | undefined;
  /** Id of the component whose file is left out and that this one, which is made here, takes the place of. */
  readonly standsFor?: string | undefined;
}

/**
 * Files in memory by path: no leading slash, no `.` or `..`, no trailing slash. Directories that only
 * hold other entries may be missing; `withParents` adds them.
 */
export type FileTree = Map<string, TreeEntry>;

/**
 * The form of a path that a tree uses, from one an archive holds (`./usr/bin/`). Throws `corrupt`
 * `components.path` when it is absolute, climbs, or is no path at all.
 */
export function treePath(raw: string, archive: string): string {
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.');
  if (raw.startsWith('/') || parts.includes('..') || raw.includes('\0')) {
    throw new TwinbankError(
      'corrupt',
      'components.path',
      `${archive}: expected paths below its root, found ${JSON.stringify(raw)}`,
    );
  }
  return parts.join('/');
}

/**
 * True when a symbolic link stays in the tree. An absolute target means the image's root; a relative one
 * must not climb above it.
 */
export function linkStaysInside(path: string, target: string): boolean {
  if (target === '' || target.includes('\0')) return false;
  let depth = target.startsWith('/') ? 0 : path.split('/').length - 1;
  for (const part of target.split('/')) {
    if (part === '..') depth--;
    else if (part !== '' && part !== '.') depth++;
    if (depth < 0) return false;
  }
  return true;
}

/** Adds an entry; throws `recipe` `components.duplicate-path` when another thing has the path. */
export function addEntry(tree: FileTree, path: string, entry: TreeEntry): void {
  const there = tree.get(path);
  if (there && !sameEntry(there, entry)) {
    throw new TwinbankError(
      'recipe',
      'components.duplicate-path',
      `${path}: expected one thing at this path, found two different ones (${there.type} and ${entry.type})`,
      { data: { path } },
    );
  }
  tree.set(path, entry);
}

/** One tree of several; the same path in two of them must be the same thing, directories' modes aside. */
export function mergeTrees(...trees: readonly FileTree[]): FileTree {
  const merged: FileTree = new Map();
  for (const tree of trees) for (const [path, entry] of tree) addEntry(merged, path, entry);
  return merged;
}

/** The tree with every directory that its paths imply, mode 0755, the root aside. */
export function withParents(tree: FileTree): FileTree {
  const whole: FileTree = new Map(tree);
  for (const path of tree.keys()) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (!whole.has(parent)) whole.set(parent, { type: 'directory', mode: 0o755 });
    }
  }
  return whole;
}

/** A file with other content; its origin says so where it differs. */
export function withData(
  entry: Extract<TreeEntry, { type: 'file' }>,
  data: Uint8Array,
): Extract<TreeEntry, { type: 'file' }> {
  const differs = Buffer.compare(entry.data, data) !== 0;
  const from = entry.from && differs ? { ...entry.from, changed: true as const } : entry.from;
  return { ...entry, data, from };
}

/** Entries in byte order of their paths, whatever the locale; a directory comes before what is in it. */
export function sortedEntries(tree: FileTree): [string, TreeEntry][] {
  return [...tree].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function sameEntry(a: TreeEntry, b: TreeEntry): boolean {
  if (a.type === 'directory') return b.type === 'directory';
  if (a.type === 'symlink') return b.type === 'symlink' && a.target === b.target;
  return b.type === 'file' && a.mode === b.mode && Buffer.compare(a.data, b.data) === 0;
}
