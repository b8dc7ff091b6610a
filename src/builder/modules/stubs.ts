import { TwinbankError } from '../../diagnostics/error.ts';
import { nearestWord } from '../../recipe/nearest-word.ts';
import { isElf, readElf } from '../components/elf.ts';
import type { FileTree } from '../components/file-tree.ts';
import type { LibraryPlan } from '../components/library-plan.ts';
import { type DynamicSymbols, readDynamicSymbols } from './dynamic-symbols.ts';
import type { ModulePlan } from './module.ts';
import { makeStub, type StubFunction, type StubLibrary } from './stub-library.ts';

/** An ELF file of a module, and what it imports and exports. */
interface Linked {
  readonly path: string;
  readonly symbols: DynamicSymbols;
}

/** What a module's plan says of libraries. */
type Libraries = Pick<ModulePlan, 'name' | 'sonames' | 'stubs'>;

/**
 * Throws `modules.stub` (kind `recipe`) for a library that is to be left out and that nothing links, or that is not this
 * module's. `place` is the key that names them.
 */
export function checkStubNames(
  place: string,
  names: readonly string[],
  plan: LibraryPlan,
  alreadyThere: ReadonlySet<string>,
): void {
  const linked = [...plan.stubs, ...plan.libraries].map(({ soname }) => soname).sort();
  for (const name of names) {
    if (alreadyThere.has(name)) {
      throw wrongStub(
        place,
        'libraries that this module brings',
        name,
        ', which one below it brings',
      );
    }
    if (plan.interpreters.some((path) => path.endsWith(`/${name}`))) {
      throw wrongStub(place, 'libraries', name, ', which starts the programs');
    }
    if (linked.includes(name)) continue;
    const near = nearestWord(name, linked);
    throw wrongStub(
      place,
      'libraries that the programs, or libraries that stay, link',
      name,
      `, which none of them does${near === null ? '' : `; did you mean ${near}?`}`,
    );
  }
}

/**
 * A library that a module has only as a stub cannot be used by one above it, and both cannot have it at its one path.
 * Throws `modules.stub` (kind `recipe`).
 */
export function refuseNeededStubs(below: readonly Libraries[], plan: Libraries): void {
  for (const { name, stubs = [] } of below) {
    const soname = stubs.find((one) => plan.sonames.includes(one) || plan.stubs?.includes(one));
    if (soname === undefined) continue;
    throw wrongStub(
      `modules.${name}.stubs`,
      'libraries that no other module links',
      soname,
      `, which modules.${plan.name} does`,
    );
  }
}

/**
 * The tree with a stub at the path of each of `libraries`, made of what the ELF files in the tree import of it. Throws
 * `modules.stub` (kind `recipe`) where a stub cannot stand for a library: somebody reads its data, or needs something
 * that only came along with it.
 */
export async function addStubs(
  place: string,
  tree: FileTree,
  libraries: FileTree,
  alreadyThere: ReadonlySet<string>,
  scratch: string,
): Promise<FileTree> {
  if (libraries.size === 0) return tree;
  const importers = linkedFiles(tree);
  const whole: FileTree = new Map(tree);
  const stubs: StubLibrary[] = [];
  for (const [path, entry] of libraries) {
    if (entry.type !== 'file') continue;
    const stub = planStub(place, path, entry.data, importers);
    stubs.push(stub);
    const data = await makeStub(stub, scratch);
    whole.set(path, { type: 'file', mode: entry.mode, data, standsFor: entry.from?.id });
  }
  refuseLost(place, importers, stubs, tree, alreadyThere);
  return whole;
}

function linkedFiles(tree: FileTree): Linked[] {
  return [...tree].flatMap(([path, entry]) =>
    entry.type === 'file' && isElf(entry.data)
      ? [{ path, symbols: readDynamicSymbols(entry.data) }]
      : [],
  );
}

function planStub(
  place: string,
  path: string,
  library: Uint8Array,
  importers: readonly Linked[],
): StubLibrary {
  const soname = path.slice(path.lastIndexOf('/') + 1);
  const exported = readDynamicSymbols(library).exports;
  const functions = new Map<string, StubFunction>();
  const versions = new Set<string>();
  for (const { path: importer, symbols } of importers) {
    for (const version of symbols.demands.get(soname) ?? []) versions.add(version);
    for (const { name, version, from } of symbols.imports) {
      if (from !== undefined && from !== soname) continue;
      // Who names no version gets whatever library has the name first: this one, for all that is known.
      const asked = exported.filter(
        (one) =>
          one.name === name && (version === undefined ? one.isDefault : one.version === version),
      );
      for (const one of asked) {
        if (!one.isFunction) {
          const found = `, whose ${name} is data that /${importer} reads`;
          throw wrongStub(place, 'libraries of which only functions are linked', soname, found);
        }
        functions.set(`${name}@${one.version}`, one);
        if (one.version !== undefined) versions.add(one.version);
      }
    }
  }
  const ordered = [...functions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  return { soname, place, functions: ordered, versions: [...versions].sort() };
}

/**
 * Libraries of glibc and GCC, every name of which has a version. Others, such as zlib, have names from before they began
 * with versions.
 */
const hasOnlyVersions =
  /^(lib(c|m|dl|pthread|rt|resolv|util|gcc_s|stdc\+\+)|ld-linux-x86-64)\.so\.[0-9]+$/;

/**
 * A library that stays may use what only a stubbed library brought along, without linking it. Names with a version say
 * whose they are; of a file that links other modules' libraries which have names without one nothing is known.
 */
function refuseLost(
  place: string,
  importers: readonly Linked[],
  stubs: readonly StubLibrary[],
  tree: FileTree,
  alreadyThere: ReadonlySet<string>,
): void {
  const there = new Set(
    [
      ...importers.flatMap(({ symbols }) => symbols.exports),
      ...stubs.flatMap((one) => one.functions),
    ].map(({ name }) => name),
  );
  for (const { path, symbols } of importers) {
    const entry = tree.get(path);
    const needed = entry?.type === 'file' ? readElf(entry.data, path).needed : [];
    if (needed.some((one) => alreadyThere.has(one) && !hasOnlyVersions.test(one))) continue;
    const lost = symbols.imports.find(
      ({ name, from, weak }) => from === undefined && !weak && !there.has(name),
    );
    if (!lost) continue;
    // Nobody has looked into what only the stubbed libraries needed.
    const found = ` whose own libraries have ${lost.name}, which /${path} uses without linking them`;
    throw wrongStub(place, 'libraries that can be left out', 'one', found);
  }
}

/** With what `atRecipeLines` finds the recipe's line by. */
function wrongStub(place: string, expected: string, soname: string, found: string): TwinbankError {
  const message = `${place}: expected ${expected}, found ${soname}${found}`;
  const data = { key: place, components: [soname] };
  return new TwinbankError('recipe', 'modules.stub', message, { data });
}
