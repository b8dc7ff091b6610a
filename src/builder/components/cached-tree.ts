import { readObject } from './cache.ts';
import type { ComponentContext } from './component.ts';
import { getOrBuild, type Json } from './derived.ts';
import { sha256 } from './digest.ts';
import type { EntryOrigin, FileTree, TreeEntry } from './file-tree.ts';

/** A tree, and what is remembered beside it. */
export interface KeptTree<M extends Json> {
  readonly tree: FileTree;
  readonly meta: M;
}

/** What is remembered of an entry; the bytes of all files stand one after another in one object. */
type KeptEntry =
  | {
      readonly path: string;
      readonly type: 'file';
      readonly mode: number;
      readonly bytes: number;
      readonly from: EntryOrigin | null;
    }
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | {
      readonly path: string;
      readonly type: 'symlink';
      readonly target: string;
      readonly from: EntryOrigin | null;
    };

type Meta<M extends Json> = { readonly entries: readonly KeptEntry[]; readonly more: M };

/**
 * A tree from the cache, or made: for what takes long to make and is one part of something that changes more often.
 * `inputs` is all that it depends on, the version of the code that makes it included.
 */
export async function cachedTree<M extends Json>(
  inputs: Json,
  { cache }: Pick<ComponentContext, 'cache'>,
  make: (scratch: string) => Promise<KeptTree<M>>,
): Promise<KeptTree<M>> {
  const key = sha256(JSON.stringify({ tree: 1, inputs }));
  const kept = await getOrBuild<Meta<M>>(cache, key, async (scratch) => {
    const { tree, meta } = await make(scratch);
    const files = [...tree.values()].flatMap((one) => (one.type === 'file' ? [one.data] : []));
    return { data: Buffer.concat(files), meta: { entries: [...tree].map(keptEntry), more: meta } };
  });
  const { entries, more } = kept.meta;
  const all = await readObject(cache, kept.sha256);
  const tree: FileTree = new Map();
  let at = 0;
  for (const entry of entries) {
    if (entry.type === 'directory') {
      tree.set(entry.path, { type: 'directory', mode: entry.mode });
      continue;
    }
    const from = entry.from ?? undefined;
    if (entry.type === 'symlink') {
      tree.set(entry.path, { type: 'symlink', target: entry.target, from });
      continue;
    }
    const data = all.subarray(at, at + entry.bytes);
    tree.set(entry.path, { type: 'file', mode: entry.mode, data, from });
    at += entry.bytes;
  }
  return { tree, meta: more };
}

function keptEntry([path, entry]: [string, TreeEntry]): KeptEntry {
  const { type } = entry;
  if (type === 'directory') return { path, type, mode: entry.mode };
  const from = entry.from ?? null;
  if (type === 'symlink') return { path, type, target: entry.target, from };
  return { path, type, mode: entry.mode, bytes: entry.data.length, from };
}
