import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as z from 'zod';
import { installedVersion, packageRoot } from '../../host/package-root.ts';
import { type Cache, ignoreMissing, readObject } from '../components/cache.ts';
import { readEntry, writeEntry } from '../components/cache-entry.ts';
import { type Derived, getOrBuild, readDerived } from '../components/derived.ts';
import { sha256 } from '../components/digest.ts';
import { packageFolder } from '../inventory/package-folder.ts';
import { type BundleOptions, bundle } from './bundle.ts';

/** A bundle that the cache has. */
export interface CachedBundle {
  /** SHA-256 of its bytes. */
  readonly sha256: string;
  /** Of the files that it is made of: types and comments are in these, and not in the bytes. */
  readonly sourcesSha256: string;
  /** Paths of the files that it is made of, from the package's folder. */
  readonly inputs: readonly string[];
  read(): Promise<Uint8Array>;
}

/** Raised whenever the same sources would give other bytes than before. */
const format = 2;
const pathList = z.array(z.string());

/**
 * The bundle of a source file and all that it imports. Its key in the cache is made of just the files that it is made of:
 * whatever else is edited, it is found there, and esbuild is not even loaded. Which files these are is remembered of
 * the last time; as long as all of them are what they were, they import what they did.
 */
export async function cachedBundle(
  entry: string,
  options: BundleOptions,
  cache: Cache,
  root = packageRoot(),
): Promise<CachedBundle> {
  const what = [format, entry, options.target, options.banner ?? ''];
  const name = JSON.stringify(what);
  const keyOf = (inputs: Inputs): string =>
    sha256(JSON.stringify([...what, installedVersion('esbuild'), linesOf(inputs, root)]));
  const paths = await remembered(cache, name);
  const inputs = paths && inputsNow(paths, root);
  const keyNow = inputs && keyOf(inputs);
  const known = keyNow === undefined ? undefined : await readDerived<string[]>(cache, keyNow);
  if (keyNow !== undefined && known) return bundleOf(known, keyNow, cache);
  const made = await bundle(entry, options, root);
  const { data } = made;
  const meta = [...made.inputs.keys()].sort();
  const key = keyOf(made.inputs);
  const stored = await getOrBuild(cache, key, async () => ({ data, meta }));
  await writeEntry(cache, 'bundles', name, JSON.stringify(meta));
  return bundleOf(stored, key, cache);
}

function bundleOf(stored: Derived<string[]>, key: string, cache: Cache): CachedBundle {
  const { sha256: hash, meta } = stored;
  return { sha256: hash, sourcesSha256: key, inputs: meta, read: () => readObject(cache, hash) };
}

type Inputs = ReadonlyMap<string, string>;

/** Synchronous: 200 small files take 5 ms, and 30 ms by way of Node's thread pool. Undefined where one is gone. */
function inputsNow(paths: readonly string[], root: string): Inputs | undefined {
  const inputs = new Map<string, string>();
  for (const path of paths) {
    const hash = packageFolder(path, root) ? '' : hashOf(join(root, path));
    if (hash === undefined) return undefined;
    inputs.set(path, hash);
  }
  return inputs;
}

/**
 * Of packages the paths, which are in the result, and each package.json, as it is installed: their files are many, and nobody
 * edits them.
 */
function linesOf(inputs: Inputs, root: string): string[] {
  const folders = new Set<string>();
  const lines = [...inputs].map(([path, hash]) => {
    const folder = packageFolder(path, root);
    if (folder) folders.add(folder);
    return folder ? path : `${path} ${hash}`;
  });
  for (const folder of folders) {
    const file = join(folder, 'package.json');
    lines.push(`${relative(root, file)} ${hashOf(file) ?? ''}`);
  }
  return lines.sort();
}

function hashOf(file: string): string | undefined {
  try {
    return sha256(readFileSync(file));
  } catch (error) {
    return ignoreMissing(error);
  }
}

async function remembered(cache: Cache, name: string): Promise<string[] | undefined> {
  const text = await readEntry(cache, 'bundles', name);
  return text === undefined ? undefined : pathList.parse(JSON.parse(text));
}
