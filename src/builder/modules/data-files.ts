import { throughLink } from '../../update/manifest/system-links.ts';
import type { ComponentContext } from '../components/component.ts';
import { addEntry, type FileTree } from '../components/file-tree.ts';
import { type MemberFile, readFolders } from '../components/members.ts';
import { refuseSetId } from '../components/program-roots.ts';

/**
 * The files and whole folders of packages that programs read, each at its path in its package. Throws as `readFolders`
 * does, and as `refuseSetId`.
 */
export async function readData(
  data: readonly MemberFile[],
  place: string,
  context: ComponentContext,
): Promise<FileTree> {
  const tree: FileTree = new Map();
  for (const { component, member = '' } of data) {
    const files = await readFolders(component, [member], place, context);
    for (const [path, entry] of files) {
      if (entry.type === 'file') refuseSetId({ component, place }, path, entry.mode);
      addEntry(tree, path, entry);
    }
  }
  return tree;
}

/** Where an image has a package's file: what Debian has in `usr/sbin` is in `usr/bin`, where the image's link leads. */
export function imagePath(path: string): string {
  return throughLink(path)?.direct ?? path;
}

/** A tree of packages as an image has it. */
export function withImagePaths(tree: FileTree): FileTree {
  const placed: FileTree = new Map();
  for (const [path, entry] of tree) addEntry(placed, imagePath(path), entry);
  return placed;
}
