import type { Diagnostic } from '../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import { type FileTree, mergeTrees } from '../components/file-tree.ts';
import { moduleName } from '../modules/kernel-modules.ts';
import { type BuiltModule, type ModulePlan, type PlanContext, pathsOf } from '../modules/module.ts';
import { planProvider, productProblems } from '../modules/oem.ts';
import { planOemDrivers } from './oem-drivers.ts';
import { planOemFirmware } from './oem-firmware.ts';
import { relationsOf } from './oem-origin.ts';
import { diagnosticsOf } from './provider-place.ts';

/** A provider that can be built; or what is wrong with it beside its folder, and what its module would say of itself. */
export type Examined =
  | { readonly plan: ModulePlan }
  | { readonly problems: readonly Diagnostic[]; readonly module: BuiltModule };

/** What can be said of a folder by itself; where there are problems, files of the tree have no bytes. */
export interface ProviderFolder {
  readonly tree: FileTree;
  /** Of its provider.yaml and of its files. */
  readonly problems: readonly Diagnostic[];
}

/**
 * Looks at all of a provider that its provider.yaml says and its folder has, whatever is wrong with parts of it.
 * `shown` is how messages call its provider.yaml.
 */
export async function examineProvider(
  provider: LoadedProvider,
  folder: ProviderFolder,
  shown: string,
  context: PlanContext,
): Promise<Examined> {
  const problems = productProblems(provider, context.recipe.product);
  const blame = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(...diagnosticsOf(error, shown));
      return undefined;
    }
  };
  const drivers = await blame(() => planOemDrivers(provider, context));
  const driverTree = await blame(async () => (await drivers?.read())?.tree);
  const firmwareTree = await blame(async () =>
    (await planOemFirmware(provider, context.components))?.read(),
  );
  if (problems.length + folder.problems.length === 0)
    return { plan: await planProvider(provider, context) };
  const trees = [folder.tree, driverTree, firmwareTree].filter((one) => one !== undefined);
  const tree = await blame(async () => mergeTrees(...trees));
  return { problems, module: unbuilt(provider, tree ?? folder.tree, context) };
}

/** A module as it would be known to others, without bytes. */
function unbuilt(provider: LoadedProvider, tree: FileTree, context: PlanContext): BuiltModule {
  const { name, vendor, version, driverFiles } = provider;
  const own = driverFiles.map((ref) =>
    moduleName('member' in ref ? ref.member : ref.component.path),
  );
  const relations = relationsOf(provider, context.recipe.product, context.kernel, own);
  return {
    ...{ name, fileName: `${name}.v00`, version, kind: 'oem', vendor },
    oem: { name, vendor, version, relations },
    ...{ bytes: 0, sha256: '0'.repeat(64), path: '', cached: false, paths: pathsOf(tree) },
  };
}
