/** An entry of a folder. */
export interface ListedEntry {
  readonly name: string;
  /** Of the basic inodes (inode.ts). */
  readonly type: number;
  readonly inode: number;
  /** Place of the inode's metadata block in the inode table, and of the inode in that block. */
  readonly block: number;
  readonly offset: number;
}

/** What one head can be followed by (SQUASHFS_DIR_COUNT). */
const mostAfterHead = 256;

/**
 * A folder's listing in the directory table: entries in byte order of their names, and before each run of them whose inodes
 * are in one block and near each other by number a head (kernel, fs/squashfs/squashfs_fs.h, struct squashfs_dir_header
 * and squashfs_dir_entry).
 */
export function encodeListing(entries: readonly ListedEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const run of runsOf(sorted(entries))) {
    const [first] = run;
    if (!first) continue;
    const head = Buffer.alloc(12);
    head.writeUInt32LE(run.length - 1, 0);
    head.writeUInt32LE(first.block, 4);
    head.writeUInt32LE(first.inode, 8);
    parts.push(head);
    for (const { name, type, inode, offset } of run) {
      const text = Buffer.from(name);
      const entry = Buffer.alloc(8);
      entry.writeUInt16LE(offset, 0);
      entry.writeInt16LE(inode - first.inode, 2);
      entry.writeUInt16LE(type, 4);
      entry.writeUInt16LE(text.length - 1, 6);
      parts.push(entry, text);
    }
  }
  return Buffer.concat(parts);
}

function sorted(entries: readonly ListedEntry[]): ListedEntry[] {
  return [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

function runsOf(entries: readonly ListedEntry[]): ListedEntry[][] {
  const runs: ListedEntry[][] = [];
  for (const entry of entries) {
    const run = runs.at(-1);
    const [first] = run ?? [];
    const distance = entry.inode - (first?.inode ?? 0);
    const belongs = first?.block === entry.block && Math.abs(distance) < 2 ** 15;
    if (run && belongs && run.length < mostAfterHead) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}
