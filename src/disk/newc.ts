const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;

/** What an archive can have, with permission bits (0o755). */
export type NewcEntry =
  | { readonly type: 'file'; readonly mode: number; readonly data: Uint8Array }
  | { readonly type: 'directory'; readonly mode: number }
  | { readonly type: 'symlink'; readonly target: string };

/**
 * A cpio archive in the "newc" form that Linux reads as an initramfs (kernel documentation,
 * driver-api/early-userspace/buffer-format; cpio(5)): owner root, time 0, the tree's own order, folders
 * before what is in them. The length is a multiple of 4, so that archives can stand one after another.
 */
export function encodeNewc(tree: ReadonlyMap<string, NewcEntry>): Uint8Array {
  const parts: Uint8Array[] = [];
  let inode = 1;
  for (const [path, entry] of tree) parts.push(...newcEntry(path, entry, inode++));
  parts.push(...newcEntry('TRAILER!!!', { type: 'file', mode: 0, data: new Uint8Array() }, 0));
  return Buffer.concat(parts);
}

function newcEntry(path: string, entry: NewcEntry, inode: number): Uint8Array[] {
  const data = content(entry);
  const trailer = inode === 0;
  const name = Buffer.from(`${path}\0`);
  const fields = [
    inode,
    trailer ? 0 : modeOf(entry),
    0, // uid
    0, // gid
    entry.type === 'directory' ? 2 : 1, // nlink
    0, // mtime
    data.length,
    0, // devmajor
    0, // devminor
    0, // rdevmajor
    0, // rdevminor
    name.length,
    0, // check, used by the crc form only
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  const head = Buffer.concat([Buffer.from(header), name]);
  return [head, padding(head.length), data, padding(data.length)];
}

function content(entry: NewcEntry): Uint8Array {
  if (entry.type === 'file') return entry.data;
  return entry.type === 'symlink' ? Buffer.from(entry.target) : new Uint8Array();
}

function modeOf(entry: NewcEntry): number {
  if (entry.type === 'file') return S_IFREG | entry.mode;
  return entry.type === 'directory' ? S_IFDIR | entry.mode : S_IFLNK | 0o777;
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
