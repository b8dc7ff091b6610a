import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../host/run-tool.ts';
import type { Layer } from '../../recipe/module-schema.ts';
import type { FileTree } from '../components/file-tree.ts';
import { encodeGnuTar } from './gnu-tar.ts';

/** Of zstd, where a recipe names none. */
export const defaultLevel = 22;

/** mksquashfs arguments of each compression a recipe can name; `level` counts for zstd only. */
const compressors: Record<Layer['compression'], (level: number | undefined) => string[]> = {
  xz: () => ['-comp', 'xz'],
  // The filter turns relative x86 jumps into absolute ones, which repeat: 4-8 % smaller for programs.
  'xz-x86': () => ['-comp', 'xz', '-Xbcj', 'x86'],
  zstd: (level) => ['-comp', 'zstd', '-Xcompression-level', String(level ?? defaultLevel)],
};

/**
 * A squashfs image of the tree: owner root, all times 0, so that its bytes depend on the tree and the
 * options alone; `more` are options of mksquashfs. The tree goes through mksquashfs's tar reader, which needs neither root nor the host's
 * file modes.
 */
export async function makeSquashfs(
  tree: FileTree,
  options: Layer,
  workFolder: string,
  signal?: AbortSignal,
  more: readonly string[] = [],
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(workFolder, 'squashfs-'));
  const file = join(folder, 'layer.sqfs');
  try {
    await runTool(
      'mksquashfs',
      [
        '-',
        file,
        '-tar',
        ...['-reproducible', '-mkfs-time', '0', '-all-time', '0', '-all-root', '-no-xattrs'],
        // The tree's own root, which a tar has no entry for, would be open to everybody.
        ...['-root-mode', '0755'],
        ...['-b', String(options.blockSize), ...compressors[options.compression](options.level)],
        ...['-no-exports', '-noappend', '-quiet', '-no-progress'],
        ...more,
      ],
      // mksquashfs refuses our times when the environment has one of its own.
      { input: chunksOf(tree), env: { SOURCE_DATE_EPOCH: undefined }, ...(signal && { signal }) },
    );
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The tar in larger chunks, as each is one write to mksquashfs. */
async function* chunksOf(tree: FileTree): AsyncGenerator<Uint8Array> {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of encodeGnuTar(tree)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < 2 ** 16) continue;
    yield Buffer.concat(chunks);
    [chunks, bytes] = [[], 0];
  }
  yield Buffer.concat(chunks);
}
