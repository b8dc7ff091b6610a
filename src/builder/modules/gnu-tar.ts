import type { FileTree, TreeEntry } from '../components/file-tree.ts';

const block = 512;
/** What a header's fields for a name and for a link's target hold. */
const fieldBytes = 100;

/**
 * All of a layer is root's, and root uses it by name: where a package has a folder that everybody may write (`/var/tmp`, modes such as
 * 1777), nobody but root may write it here. What others need to write is made at run time.
 */
const othersWrite = 0o022;

/** The mode of a file or folder in a layer. */
export function layerMode(mode: number): number {
  return mode & ~othersWrite;
}

/**
 * A tree as a tar in the form of GNU tar, for mksquashfs: owner root, all times 0, names as UTF-8. Names and targets
 * that a header does not hold go before it in records of their own (types L and K). A pax header could hold
 * them, too, but mksquashfs 4.5 takes `/` and `../` off the beginning of the targets in it.
 */
export function* encodeGnuTar(tree: FileTree): Generator<Uint8Array> {
  for (const [path, entry] of tree) {
    const name = Buffer.from(entry.type === 'directory' ? `${path}/` : path);
    const target = Buffer.from(entry.type === 'symlink' ? entry.target : '');
    if (target.length > fieldBytes) yield* longRecord('K', target);
    if (name.length > fieldBytes) yield* longRecord('L', name);
    const data = entry.type === 'file' ? entry.data : new Uint8Array();
    const mode = entry.type === 'symlink' ? 0o777 : layerMode(entry.mode);
    yield header(types[entry.type], name, { mode, bytes: data.length, target });
    yield* padded(data);
  }
  yield Buffer.alloc(2 * block);
}

const types: Readonly<Record<TreeEntry['type'], string>> = {
  file: '0',
  symlink: '2',
  directory: '5',
};

/** A text of any length that belongs to the next header, with the zero byte that ends it. */
function* longRecord(type: 'K' | 'L', text: Buffer): Generator<Uint8Array> {
  const data = Buffer.concat([text, Buffer.alloc(1)]);
  yield header(type, Buffer.from('././@LongLink'), { mode: 0o644, bytes: data.length });
  yield* padded(data);
}

function header(
  type: string,
  name: Buffer,
  { mode, bytes, target }: { mode: number; bytes: number; target?: Buffer },
): Buffer {
  const head = Buffer.alloc(block);
  name.copy(head, 0, 0, fieldBytes);
  head.write(octal(mode, 8), 100, 'latin1');
  for (const at of [108, 116]) head.write(octal(0, 8), at, 'latin1');
  head.write(octal(bytes, 12), 124, 'latin1');
  head.write(octal(0, 12), 136, 'latin1');
  head.write(`${' '.repeat(8)}${type}`, 148, 'latin1');
  target?.copy(head, 157, 0, fieldBytes);
  head.write('ustar  ', 257, 'latin1');
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${octal(sum, 7)} `, 148, 'latin1');
  return head;
}

/** Octal digits and the zero byte that ends a field of so many bytes. */
function octal(value: number, width: number): string {
  const digits = value.toString(8);
  if (digits.length >= width) throw new RangeError(`no number for a tar: ${value}`);
  return `${digits.padStart(width - 1, '0')}\0`;
}

/** In whole blocks. */
function* padded(data: Uint8Array): Generator<Uint8Array> {
  if (data.length > 0) yield data;
  const rest = data.length % block;
  if (rest > 0) yield Buffer.alloc(block - rest);
}
