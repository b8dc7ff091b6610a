import { join, relative } from 'node:path';
import { installedVersion } from '../../../host/package-root.ts';
import { type Diagnostic, recipeError } from '../../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../../recipe/provider.ts';
import type { Cache } from '../../components/cache.ts';
import { cachedTree } from '../../components/cached-tree.ts';
import type { ComponentContext } from '../../components/component.ts';
import type { Json } from '../../components/derived.ts';
import type { FileTree } from '../../components/file-tree.ts';
import { cachedBundle } from '../../modules/cached-bundle.ts';
import type { OemProgram } from '../oem-programs.ts';
import { bundleCimFile, cimModules } from './bundle-provider.ts';
import { typeProblems } from './check-types.ts';
import { describeProvider, describeWorker } from './describe-provider.ts';
import { providerFiles } from './provider-files.ts';
import { cimName, cimSourcesDigest } from './provider-sources.ts';

/** The CIM providers of an OEM, planned: nothing but the hashes of their sources is read yet. */
interface OemCim {
  readonly inputs: Json;
  /**
   * From the cache, or checked and made. Throws `recipe.invalid` (kind `recipe`) with all that is wrong, at its
   * file and line.
   */
  read(): Promise<FileTree>;
}

type CimContext = Pick<ComponentContext, 'cache' | 'trustOem' | 'signal'>;

/** Undefined where the OEM has none. */
export async function planOemCim(
  provider: LoadedProvider,
  programs: readonly OemProgram[],
  components: CimContext,
): Promise<OemCim | undefined> {
  const { cache } = components;
  const { cim } = provider;
  if (cim.length === 0) return undefined;
  const inputs = {
    sources: cimSourcesDigest(provider),
    interface: await interfaceDigests(cache),
    typescript: installedVersion('typescript'),
    providers: cim.map((one) => [cimName(one.provider), one.classes, one.writes, one.devices]),
    programs: programs.map(({ name }) => name),
  };
  return {
    inputs,
    read: async () => {
      // What is kept has been checked: of anything that is wrong nothing is kept.
      const key = { type: 'oem-cim', format: 1, origin: provider.name, inputs };
      const kept = await cachedTree(key, components, async (scratch) => {
        return { tree: await makeProviders(provider, programs, components, scratch), meta: null };
      });
      return kept.tree;
    },
  };
}

/** Checks types, bundles, loads and describes them; `scratch` is an empty folder. */
async function makeProviders(
  provider: LoadedProvider,
  programs: readonly OemProgram[],
  components: CimContext,
  scratch: string,
): Promise<FileTree> {
  const { cim } = provider;
  const granted = Object.fromEntries(programs.map(({ name, ...place }) => [name, place]));
  const files = cim.map((one) => relative(provider.folder, one.provider.path));
  const [types, ...bundles] = await Promise.all([
    typeProblems(provider, files, join(scratch, 'types')),
    ...files.map((file) => bundleCimFile(provider, file)),
  ]);
  const unbundled = bundles.flatMap(({ problems }) => problems);
  // A refused import is told once.
  const typeDiagnostics = types.filter((one) => !unbundled.some((other) => samePlace(one, other)));
  assertNone([...unbundled, ...typeDiagnostics]);
  const tree: FileTree = new Map();
  for (const [index, one] of cim.entries()) {
    const data = bundles[index]?.data ?? new Uint8Array();
    const file = files[index] ?? '';
    const what = provider.fileProblem(file, '', '').file;
    const schemas = await describeProvider(data, { ...components, what });
    assertNone([
      ...schemas.problems.map((problem) => placed(provider, file, problem)),
      ...(schemas.problems.length > 0 ? [] : claimProblems(provider, index, schemas.classes)),
    ]);
    const { writes, devices } = one;
    const grants = { programs: granted, writes, devices };
    const made = providerFiles(provider.name, cimName(one.provider), data, schemas, grants);
    for (const [path, entry] of made) tree.set(path, entry);
  }
  return tree;
}

/** What of twinbank is in a provider, and what looks at it: at its types, too. */
async function interfaceDigests(cache: Cache): Promise<string[]> {
  const bundles = await Promise.all([
    describeWorker(cache),
    ...Object.values(cimModules).map((file) => cachedBundle(file, { target: 'node22' }, cache)),
  ]);
  return bundles.map(({ sourcesSha256 }) => sourcesSha256);
}

function assertNone(problems: readonly Diagnostic[]): void {
  if (problems.length > 0) throw recipeError([...problems]);
}

function samePlace(one: Diagnostic, other: Diagnostic): boolean {
  return one.file === other.file && one.line === other.line;
}

function placed(provider: LoadedProvider, file: string, problem: string): Diagnostic {
  return { ...provider.fileProblem(file, '', ''), message: problem };
}

/** provider.yaml says what others are told of: it has to be just what the source has. */
function claimProblems(
  provider: LoadedProvider,
  index: number,
  found: readonly { readonly name: string }[],
): Diagnostic[] {
  const claimed = provider.cim[index]?.classes ?? [];
  const names = found.map(({ name }) => name);
  const missing = names.filter((name) => !claimed.includes(name));
  const extra = claimed.filter((name) => !names.includes(name));
  if (missing.length + extra.length === 0) return [];
  const expected = `just the classes that the provider has (${names.join(', ')})`;
  return [provider.problem(['cim', index, 'classes'], expected, claimed.join(', '))];
}
