import {
  addBytes,
  addFile,
  type Cache,
  findObject,
  type StoredObject,
  withScratch,
} from './cache.ts';
import { readEntry, writeEntry } from './cache-entry.ts';

/** What may be remembered beside an artefact: its file list, its requirements. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What a build hands over: bytes, or a file it wrote in its scratch directory. */
type Built<M extends Json> = {
  readonly meta: M;
} & ({ readonly data: Uint8Array } | { readonly file: string });

export interface Derived<M extends Json> extends StoredObject {
  readonly meta: M;
  /** Nothing had to be built. */
  readonly cached: boolean;
}

/**
 * The artefact of `key`, built when the cache does not have it or has it damaged. `key` is 64
 * hexadecimal digits: a hash of all that the artefact depends on, the builder's own version included.
 * `build` gets an empty scratch directory. Who asks while it is being made waits for it. Two processes
 * that build the same at once both do the work and both are right: bytes are stored under their hash, and
 * the last rename of the key's entry wins.
 */
export async function getOrBuild<M extends Json>(
  cache: Cache,
  key: string,
  build: (scratch: string) => Promise<Built<M>>,
): Promise<Derived<M>> {
  const own = inProgress.get(cache) ?? new Map<string, Promise<unknown>>();
  inProgress.set(cache, own);
  // The key names the builder's version, so what is under way has the shape it asks for.
  const running = own.get(key) as Promise<Derived<M>> | undefined;
  if (running) return running;
  const made = findOrBuild(cache, key, build).finally(() => own.delete(key));
  own.set(key, made);
  return made;
}

/** What is made right now, by key: images that are built side by side wait for it instead of making it again. */
const inProgress = new WeakMap<Cache, Map<string, Promise<unknown>>>();

async function findOrBuild<M extends Json>(
  cache: Cache,
  key: string,
  build: (scratch: string) => Promise<Built<M>>,
): Promise<Derived<M>> {
  const known = await readDerived<M>(cache, key);
  if (known) return known;
  return withScratch(cache, async (scratch) => {
    const built = await build(scratch);
    const object =
      'data' in built ? await addBytes(cache, built.data) : await addFile(cache, built.file);
    const entry = { sha256: object.sha256, bytes: object.bytes, meta: built.meta };
    await writeEntry(cache, 'derived', key, JSON.stringify(entry));
    return { ...object, meta: built.meta, cached: false };
  });
}

/** The artefact of `key` when the cache has it whole, else undefined. */
export async function readDerived<M extends Json>(
  cache: Cache,
  key: string,
): Promise<Derived<M> | undefined> {
  const text = await readEntry(cache, 'derived', key);
  if (text === undefined) return undefined;
  // The key names the builder's version, so what we wrote under it has the shape it asks for.
  const entry = JSON.parse(text) as { sha256: string; bytes: number; meta: M };
  const object = await findObject(cache, entry.sha256, entry.bytes);
  return object === undefined ? undefined : { ...entry, path: object, cached: true };
}
