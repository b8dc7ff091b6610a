import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { TwinbankError } from '../../diagnostics/error.ts';
import { type FileTree, linkStaysInside, type TreeEntry, treePath } from './file-tree.ts';

import { errorCode } from './io-error.ts';

/** Which paths of an archive are kept in memory; called with tree paths, directories included. */
export type PathFilter = (path: string) => boolean;

/** More than this of one archive is not kept: no component has it, a hostile one might. */
const keptLimit = 2 ** 30;

export interface TarTree {
  readonly tree: FileTree;
  /** Targets of wanted hard links that were not wanted themselves: read the archive again for them. */
  readonly missingTargets: ReadonlySet<string>;
}

/**
 * Reads the wanted entries of a tar stream; the rest passes by unkept. `canonical` maps an archive's
 * path to the tree's. Throws kind `corrupt`: a path or link out of the tree, a file below a link, a
 * device, an archive that is cut short.
 */
export async function readTarTree(
  source: AsyncIterable<Uint8Array>,
  archive: string,
  want: PathFilter,
  canonical: (path: string) => string = (path) => path,
): Promise<TarTree> {
  const tree: FileTree = new Map();
  const links = new Map<string, string>();
  let kept = 0;
  const parser = extract();
  parser.on('entry', (header, stream, next) => {
    // streamx gives bytes; its types do not say so.
    collect(header, stream as AsyncIterable<Uint8Array>).then(
      () => next(),
      (error: Error) => parser.destroy(error),
    );
  });

  async function collect(header: Header, stream: AsyncIterable<Uint8Array>): Promise<void> {
    const path = canonical(treePath(header.name, archive));
    const isWanted = path !== '' && want(path);
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) {
      if (!isWanted) continue;
      kept += chunk.length;
      if (kept > keptLimit) throw refusal(archive, path, `at most ${keptLimit} bytes`, 'more');
      chunks.push(chunk);
    }
    if (!isWanted) return;
    if (header.type === 'link') {
      links.set(path, canonical(treePath(header.linkname ?? '', archive)));
      return;
    }
    tree.set(path, toEntry(header, path, chunks, archive));
  }

  try {
    await pipeline(source, parser);
  } catch (error) {
    if (error instanceof TwinbankError || errorCode(error) === 'ABORT_ERR') throw error;
    throw new TwinbankError(
      'corrupt',
      'components.archive',
      `${archive}: expected a whole tar archive, found: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const missingTargets = new Set<string>();
  for (const [path, target] of links) {
    const entry = tree.get(target);
    if (entry) tree.set(path, entry);
    else missingTargets.add(target);
  }
  refuseFilesBelowLinks(tree, archive);
  return { tree, missingTargets };
}

function toEntry(header: Header, path: string, chunks: Uint8Array[], archive: string): TreeEntry {
  const mode = (header.mode ?? 0o644) & 0o7777;
  switch (header.type) {
    case 'file':
    case 'contiguous-file':
      return { type: 'file', mode, data: Buffer.concat(chunks) };
    case 'directory':
      return { type: 'directory', mode };
    case 'symlink': {
      const target = header.linkname ?? '';
      if (!linkStaysInside(path, target)) {
        throw refusal(archive, path, 'a link inside the archive', `one to ${target}`);
      }
      return { type: 'symlink', target };
    }
    default:
      throw refusal(archive, path, 'a file, directory or link', `type ${header.type}`);
  }
}

/** Whoever writes the tree to a disk must never be led elsewhere by a link of the same archive. */
function refuseFilesBelowLinks(tree: FileTree, archive: string): void {
  for (const path of tree.keys()) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = tree.get(path.slice(0, end));
      if (parent && parent.type !== 'directory') {
        throw refusal(archive, path, `a directory at ${path.slice(0, end)}`, `a ${parent.type}`);
      }
    }
  }
}

function refusal(archive: string, path: string, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'corrupt',
    'components.archive-entry',
    `${archive}: ${path}: expected ${expected}, found ${found}`,
  );
}
