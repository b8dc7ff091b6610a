import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { FileRef } from '../../recipe/component-ref.ts';
import { ignoreMissing } from './cache.ts';
import type { Fetched, Resolved } from './component.ts';
import { readDirectoryTree, readOne, treeDigest } from './directory-tree.ts';
import type { FileTree } from './file-tree.ts';
import { atPath } from './io-error.ts';

/** A file or directory of the host as it is now; read in whole, for only that tells what it is. */
export async function resolveFile(ref: FileRef): Promise<Resolved> {
  const tree = await readFileComponent(ref.path);
  let bytes = 0;
  for (const entry of tree.values()) if (entry.type === 'file') bytes += entry.data.length;
  const sha256 = treeDigest(tree);
  return {
    id: `file:${ref.path}`,
    scheme: 'file',
    name: ref.path,
    version: sha256.slice(0, 12),
    sha256,
    bytes,
  };
}

/** Where they lie; they are used in place. */
export async function fetchFiles(components: readonly Resolved[]): Promise<Fetched[]> {
  return components.map((component) => ({ ...component, path: component.name }));
}

/**
 * The same tree that was resolved. Throws `components.changed` (kind `io`) where it is another one by now: what is
 * made of it is remembered by the hash of what was resolved.
 */
export async function readUnchanged({ id, path, sha256 }: Fetched): Promise<FileTree> {
  const tree = await readFileComponent(path);
  if (treeDigest(tree) === sha256) return tree;
  const message = `${id}: expected it as it was when the build began, found it changed since; build again`;
  throw new TwinbankError('io', 'components.changed', message);
}

/**
 * A directory as a tree; a file as a tree of that one name. Throws (kind `recipe`) `components.no-file`, and `components.special` for
 * a pipe or device, which may never end.
 */
async function readFileComponent(path: string): Promise<FileTree> {
  const found = await atPath(path, () => stat(path).catch(ignoreMissing));
  if (!found) {
    throw new TwinbankError(
      'recipe',
      'components.no-file',
      `file:${path}: expected a file or directory, found nothing`,
    );
  }
  if (found.isDirectory()) return readDirectoryTree(path);
  if (!found.isFile()) {
    const message = `file:${path}: expected a file or directory, found a device, pipe or socket`;
    throw new TwinbankError('recipe', 'components.special', message);
  }
  return new Map([[basename(path), await readOne(path)]]);
}
