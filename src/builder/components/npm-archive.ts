import { statSync } from 'node:fs';
import { unpackedRange } from './decompress.ts';
import type { FileTree } from './file-tree.ts';
import { type PathFilter, readTarTree } from './tar-tree.ts';

/**
 * The wanted files of an npm package (.tgz); paths begin with its top folder, nearly always `package/`.
 * Throws kind `corrupt` for what is damaged or leads out of its tree.
 */
export async function readNpm(
  path: string,
  want: PathFilter,
  signal?: AbortSignal,
): Promise<FileTree> {
  const range = { name: 'package.tar.gz', offset: 0, size: statSync(path).size };
  const { tree } = await readTarTree(unpackedRange(path, range, signal), path, want);
  return tree;
}
