import { sha256 } from '../components/digest.ts';
import type { FileTree } from '../components/file-tree.ts';

/** Where a file is: which blocks are its, and in which fragment its end. */
export interface FilePlace {
  readonly blocks: readonly number[];
  readonly fragment?: { readonly index: number; readonly offset: number } | undefined;
}

interface PlacedFiles {
  readonly places: ReadonlyMap<string, FilePlace>;
  /** Blocks of one file each, all of them whole. */
  readonly blocks: readonly Uint8Array[];
  /** Blocks of ends of files. */
  readonly fragments: readonly Uint8Array[];
}

/**
 * Cuts the files of a tree into blocks: whole blocks of a file by themselves, the ends of several together. What is in the
 * same of `parts` shares fragments, and with nothing else: so a change in one part changes no block of another. What is in none
 * of them is a part, too, the last one. Files of the same content have the same place.
 */
export function placeFiles(
  tree: FileTree,
  parts: readonly FileTree[],
  blockSize: number,
): PlacedFiles {
  const places = new Map<string, FilePlace>();
  const byContent = new Map<string, FilePlace>();
  const blocks: Uint8Array[] = [];
  const fragments: Uint8Array[] = [];
  for (const part of byPart(tree, parts)) {
    let open: Uint8Array[] = [];
    let bytes = 0;
    const close = (): void => {
      if (bytes > 0) fragments.push(Buffer.concat(open));
      [open, bytes] = [[], 0];
    };
    for (const [path, data] of part) {
      const content = sha256(data);
      const same = byContent.get(content);
      if (same) {
        places.set(path, same);
        continue;
      }
      const whole = Math.floor(data.length / blockSize);
      const own = Array.from({ length: whole }, (_, index) => {
        return blocks.push(data.subarray(index * blockSize, (index + 1) * blockSize)) - 1;
      });
      const end = data.subarray(whole * blockSize);
      if (bytes + end.length > blockSize) close();
      const fragment = end.length > 0 ? { index: fragments.length, offset: bytes } : undefined;
      if (fragment) open.push(end);
      bytes += end.length;
      const place = { blocks: own, fragment };
      places.set(path, place);
      byContent.set(content, place);
    }
    close();
  }
  return { places, blocks, fragments };
}

/** The files of each part in the tree's order, those of none at last. */
function byPart(tree: FileTree, parts: readonly FileTree[]): [string, Uint8Array][][] {
  const files: [string, Uint8Array][][] = [...parts, undefined].map(() => []);
  for (const [path, entry] of tree) {
    if (entry.type !== 'file') continue;
    // Of what is in none the index is -1, which is the last one.
    files.at(parts.findIndex((part) => part.has(path)))?.push([path, entry.data]);
  }
  return files;
}
