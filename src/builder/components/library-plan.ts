import { basename } from 'node:path/posix';
import * as z from 'zod';
import { TwinbankError } from '../../diagnostics/error.ts';
import { showPackages } from './apt.ts';
import type { ComponentContext, Resolved } from './component.ts';
import { resolveClosure, toResolved } from './deb-resolve.ts';
import { type ElfInfo, readElf } from './elf.ts';
import type { FileTree } from './file-tree.ts';
import { type FoundLibrary, findLibrary, isLibrary, librarySearch } from './library-search.ts';
import {
  type LibraryRoots,
  type PlannedScript,
  programData,
  scriptInterpreter,
} from './program-roots.ts';
import { aptFingerprint, remember, resolvedList } from './resolution-cache.ts';
import { mapParallel } from './retry.ts';
import { byLikelihood, packagesForSoname } from './soname-policy.ts';
import { fetchComponents, readComponent } from './sources.ts';

/** One library to take: from which file of which package, and to which path. */
interface PlannedLibrary {
  readonly soname: string;
  /** Id of the package, such as `deb:libc6`. */
  readonly from: string;
  readonly file: string;
  readonly path: string;
}

/** What the roots need and do not bring. */
export interface LibraryPlan {
  /** The packages that libraries are taken from, or left out of, by id: for the lock, and for a module's key. */
  readonly packages: readonly Resolved[];
  /** By path. */
  readonly libraries: readonly PlannedLibrary[];
  /** Libraries that are linked and left out, with what only they need; by path. */
  readonly stubs: readonly PlannedLibrary[];
  /** Interpreter paths as the programs name them, without the leading slash: `lib64/ld-linux-x86-64.so.2`. */
  readonly interpreters: readonly string[];
  /** Sonames that are needed and that another module brings, in order. */
  readonly below: readonly string[];
  readonly scripts: readonly PlannedScript[];
}

const plannedShape = z.object({
  soname: z.string(),
  from: z.string(),
  file: z.string(),
  path: z.string(),
});
const planShape = z.object({
  packages: resolvedList,
  libraries: z.array(plannedShape),
  stubs: z.array(plannedShape),
  interpreters: z.array(z.string()),
  below: z.array(z.string()),
  scripts: z.array(z.object({ from: z.string(), path: z.string(), interpreter: z.string() })),
});

interface Need {
  readonly soname: string;
  /** Who needs it, for errors. */
  readonly by: string;
  readonly search: readonly string[];
}

interface Holder {
  readonly component: Resolved;
  readonly tree: FileTree;
}

/**
 * Which libraries the roots need, and which packages bring them: only packages that are likely to by
 * their names are fetched, others of the dependency closure only when a library was in none of those.
 * `alreadyThere` holds sonames that another module brings; they, and what they need, are left out. So is what only
 * libraries of `stubs` need, which are themselves looked for, but listed apart.
 * Remembered until the lists, the lock or the roots change. Throws `recipe`: `components.no-library`,
 * `components.no-member`, `components.set-id`.
 */
export async function planLibraries(
  roots: readonly LibraryRoots[],
  alreadyThere: ReadonlySet<string>,
  context: ComponentContext,
  stubs: readonly string[] = [],
): Promise<LibraryPlan> {
  const query = [
    'libraries, stubs and scripts',
    context.lock
      ? context.lock.components.map((row) => row.sha256)
      : await aptFingerprint(context.apt),
    ...roots.map(({ component, paths }) => [component.id, component.sha256, ...paths]),
    [...alreadyThere].sort(),
    [...stubs].sort(),
  ];
  return remember(context.cache, query, planShape, () =>
    searchAll(roots, alreadyThere, new Set(stubs), context),
  );
}

async function searchAll(
  roots: readonly LibraryRoots[],
  alreadyThere: ReadonlySet<string>,
  stubs: ReadonlySet<string>,
  context: ComponentContext,
): Promise<LibraryPlan> {
  const closure = await closureOf(roots, context);
  const holders = new Map<string, Holder>();
  const planned = new Map<string, PlannedLibrary>();
  const interpreters = new Set<string>();
  const below = new Set<string>();
  const scripts: PlannedScript[] = [];
  let needs: Need[] = [];

  function visit(elf: ElfInfo, path: string, by: string): void {
    const search = librarySearch(elf, path);
    if (elf.interpreter !== undefined) {
      interpreters.add(elf.interpreter.replace(/^\/+/, ''));
      needs.push({ soname: basename(elf.interpreter), by, search });
    }
    for (const soname of elf.needed) needs.push({ soname, by, search });
  }

  function take(need: Need): boolean {
    for (const { component, tree } of holders.values()) {
      const found = findLibrary(tree, need.soname, need.search);
      if (!found) continue;
      planned.set(need.soname, toPlanned(need.soname, component.id, found));
      if (stubs.has(need.soname)) return true;
      visit(readElf(found.data, found.file), found.path, `${found.file} of ${component.id}`);
      return true;
    }
    return false;
  }

  for (const root of roots) {
    const { component, paths } = root;
    const tree = await readComponent(
      component,
      (path) => paths.includes(path) || isLibrary(path),
      context,
    );
    if (component.scheme === 'deb') holders.set(component.name, { component, tree });
    for (const path of paths) {
      const data = await programData(root, path, tree, context);
      const interpreter = scriptInterpreter(data);
      if (interpreter !== undefined) scripts.push({ from: component.id, path, interpreter });
      else visit(readElf(data, `${component.id} ${path}`), path, `${path} of ${component.id}`);
    }
  }

  while (needs.length > 0) {
    const open = new Map<string, Need>();
    const round = needs;
    needs = [];
    for (const need of round) {
      if (alreadyThere.has(need.soname)) below.add(need.soname);
      else if (!planned.has(need.soname) && !take(need)) open.set(need.soname, need);
    }
    const candidates = await nextCandidates([...open.values()], closure, holders, context);
    await fetchComponents(candidates, context);
    const trees = await mapParallel(candidates, 4, (component) =>
      readComponent(component, isLibrary, context),
    );
    candidates.forEach((component, index) => {
      holders.set(component.name, { component, tree: trees[index] ?? new Map() });
    });
    needs.push(...open.values());
  }
  const found = [...planned.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const used = new Set(found.map((library) => library.from));
  const packages = [...holders.values()]
    .map(({ component: { depends: _, ...component } }) => component)
    .filter((component) => used.has(component.id))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    packages,
    libraries: found.filter(({ soname }) => !stubs.has(soname)),
    stubs: found.filter(({ soname }) => stubs.has(soname)),
    interpreters: [...interpreters].sort(),
    below: [...below].sort(),
    scripts,
  };
}

/** For each open need one package to look into that was not looked into yet. */
async function nextCandidates(
  open: readonly Need[],
  closure: ReadonlyMap<string, Resolved>,
  holders: ReadonlyMap<string, Holder>,
  context: ComponentContext,
): Promise<Resolved[]> {
  const fresh = (component: Resolved | undefined) =>
    component !== undefined && !holders.has(component.name);
  const chosen = new Map<string, Resolved>();
  const left: Need[] = [];
  for (const need of open) {
    const guesses = packagesForSoname(need.soname).map((name) => closure.get(name));
    const others = () => [...closure.values()].filter(fresh).sort(byLikelihood(need.soname));
    const found = guesses.find(fresh) ?? others()[0];
    if (found) chosen.set(found.name, found);
    else left.push(need);
  }
  const names = left.flatMap((need) => packagesForSoname(need.soname));
  const available = await availablePackages(names, context);
  for (const need of left) {
    const guesses = packagesForSoname(need.soname).map((name) => available.get(name));
    const found = guesses.find(fresh);
    if (!found) throw noLibrary(need, closure.size);
    chosen.set(found.name, found);
  }
  return [...chosen.values()];
}

/** Outside a closure (a program that came by npm, a plugin): whatever the lists have by these names. */
async function availablePackages(
  names: readonly string[],
  context: ComponentContext,
): Promise<Map<string, Resolved>> {
  if (context.lock || names.length === 0) return new Map();
  const found = await showPackages([...new Set(names)], context);
  return new Map([...found].flatMap(([name, row]) => toResolved(row).map((one) => [name, one])));
}

async function closureOf(
  roots: readonly LibraryRoots[],
  context: ComponentContext,
): Promise<Map<string, Resolved>> {
  const all = new Map<string, Resolved>();
  for (const { component } of roots) {
    if (component.scheme !== 'deb' && !context.lock) continue;
    for (const row of await resolveClosure(component, context)) all.set(row.name, row);
  }
  return all;
}

function toPlanned(soname: string, from: string, found: FoundLibrary): PlannedLibrary {
  return { soname, from, file: found.file, path: found.path };
}

function noLibrary(need: Need, among: number): TwinbankError {
  return new TwinbankError(
    'recipe',
    'components.no-library',
    `${need.by}: expected a package with the library ${need.soname}, found none among the ${among} packages it depends on, nor one of that name`,
    { data: { soname: need.soname, by: need.by } },
  );
}
