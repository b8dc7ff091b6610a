import { TwinbankError } from '../../diagnostics/error.ts';
import type { ComponentRef, DebRef, FileRef, NpmRef } from '../../recipe/component-ref.ts';
import type { ComponentContext, Fetched, Resolved } from './component.ts';
import { readDeb } from './deb-archive.ts';
import { fetchDebs } from './deb-batch.ts';
import { resolveDebs } from './deb-resolve.ts';
import { fetchFiles, readUnchanged, resolveFile } from './file-source.ts';
import type { FileTree } from './file-tree.ts';
import { interrupted } from './io-error.ts';
import { resolveLocked } from './locked.ts';
import { readNpm } from './npm-archive.ts';
import { fetchNpms, resolveNpms } from './npm-source.ts';
import type { PathFilter } from './tar-tree.ts';

/** What a kind of component can do. One row a scheme; nothing else knows which schemes there are. */
interface Source<R extends ComponentRef> {
  resolve(refs: readonly R[], context: ComponentContext): Promise<Resolved[]>;
  /** Several at once, at most `parallel` downloads at a time; in order. */
  fetch(
    components: readonly Resolved[],
    parallel: number,
    context: ComponentContext,
  ): Promise<Fetched[]>;
  read(component: Fetched, want: PathFilter, signal?: AbortSignal): Promise<FileTree>;
}

interface Sources {
  deb: Source<DebRef>;
  npm: Source<NpmRef>;
  file: Source<FileRef>;
}

const sources: Sources = {
  deb: {
    resolve: resolveDebs,
    fetch: fetchDebs,
    read: ({ path }, ...more) => readDeb(path, ...more),
  },
  npm: {
    resolve: resolveNpms,
    fetch: fetchNpms,
    read: ({ path }, ...more) => readNpm(path, ...more),
  },
  file: {
    resolve: (refs) => Promise.all(refs.map(resolveFile)),
    fetch: fetchFiles,
    read: async (component, want) =>
      new Map([...(await readUnchanged(component))].filter(([name]) => want(name))),
  },
};

/** More at once only makes mirrors slower for everybody. */
const parallelFetches = 4;

/**
 * What each reference stands for, in order; with a lock exactly what it says. When nothing changed since
 * the last time, no program is run and nothing is asked of the network. Throws kind `recipe` for a
 * component that does not exist, `io` for what cannot be reached.
 */
export async function resolveComponents(
  refs: readonly ComponentRef[],
  context: ComponentContext,
): Promise<Resolved[]> {
  const debs = refs.filter((ref) => ref.scheme === 'deb');
  const npms = refs.filter((ref) => ref.scheme === 'npm');
  const files = refs.filter((ref) => ref.scheme === 'file');
  const { lock } = context;
  const groups = await Promise.all([
    lock ? resolveLocked([...debs, ...npms], lock, context) : sources.deb.resolve(debs, context),
    lock ? [] : sources.npm.resolve(npms, context),
    sources.file.resolve(files, context),
  ]);
  const asked = [...debs, ...npms, ...files];
  const byRef = new Map(groups.flat().map((resolved, index) => [asked[index], resolved]));
  return refs.map((ref) => {
    const resolved = byRef.get(ref);
    if (!resolved) throw new TwinbankError('internal', 'components.lost', JSON.stringify(ref));
    return resolved;
  });
}

/** Brings one component's bytes into the cache, or finds them there. Throws kind `io`, `interrupted`. */
export async function fetchComponent(
  component: Resolved,
  context: ComponentContext,
): Promise<Fetched> {
  const [fetched] = await fetchComponents([component], context);
  if (!fetched) throw new TwinbankError('internal', 'components.lost', component.id);
  return fetched;
}

/** Brings components into the cache, four downloads at a time; in order. Throws kind `io`, `interrupted`. */
export async function fetchComponents(
  components: readonly Resolved[],
  context: ComponentContext,
): Promise<Fetched[]> {
  const groups = Object.entries(sources).map(async ([scheme, source]) => {
    const group = components.filter((component) => component.scheme === scheme);
    const fetched = await source.fetch(group, parallelFetches, context);
    return group.map((component, index) => [component, fetched[index]] as const);
  });
  const byComponent = new Map((await Promise.all(groups)).flat());
  return components.flatMap((component) => byComponent.get(component) ?? []);
}

/** The wanted files of a component, fetched when need be. Throws as `fetchComponent`, and kind `corrupt`. */
export async function readComponent(
  component: Resolved,
  want: PathFilter,
  context: ComponentContext,
): Promise<FileTree> {
  const fetched = await fetchComponent(component, context);
  try {
    const tree = await sources[component.scheme].read(fetched, want, context.signal);
    return markOrigin(tree, component.id);
  } catch (error) {
    throw context.signal?.aborted ? interrupted(`unpacking ${component.id}`) : error;
  }
}

/** Each file and link with where it is from, which stays with it on its way into a module (src/builder/inventory). */
function markOrigin(tree: FileTree, id: string): FileTree {
  const marked: FileTree = new Map();
  for (const [path, entry] of tree) {
    marked.set(path, entry.type === 'directory' ? entry : { ...entry, from: { id, path } });
  }
  return marked;
}
