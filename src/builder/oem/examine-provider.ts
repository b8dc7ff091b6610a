import type { Diagnostic } from '../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import { type FileTree, mergeTrees } from '../components/file-tree.ts';
import { buildModules } from '../modules/build-modules.ts';
import { moduleName } from '../modules/kernel-modules.ts';
import { type BuiltModule, type ModulePlan, type PlanContext, pathsOf } from '../modules/module.ts';
import { planProvider, productProblems } from '../modules/oem.ts';
import { planOemCim } from './cim/plan-cim.ts';
import { planOemDrivers } from './oem-drivers.ts';
import { planOemFirmware } from './oem-firmware.ts';
import { relationsOf } from './oem-origin.ts';
import { providerPlaces } from './oem-places.ts';
import { planOemPrograms } from './oem-programs.ts';
import { problemList } from './problem-list.ts';

/** A provider that was built; or what is wrong with it beside its folder, and what its module would say of itself. */
type Examined =
  | { readonly plan: ModulePlan; readonly module: BuiltModule }
  | { readonly problems: readonly Diagnostic[]; readonly module: BuiltModule };

/** What can be said of a folder by itself; where there are problems, files of the tree have no bytes. */
export interface ProviderFolder {
  readonly tree: FileTree;
  /** Of its provider.yaml and of its files. */
  readonly problems: readonly Diagnostic[];
}

/**
 * Builds a provider; where that cannot be, looks at each part of it that its provider.yaml says and its folder has,
 * whatever is wrong with others. `shown` is how messages call its provider.yaml.
 */
export async function examineProvider(
  provider: LoadedProvider,
  folder: ProviderFolder,
  shown: string,
  context: PlanContext,
): Promise<Examined> {
  const { components } = context;
  const { problems, collect } = problemList(shown);
  if (folder.problems.length === 0) {
    const built = await collect(async () => {
      const plan = await planProvider(provider, context);
      const [module] = await buildModules([plan], components);
      return module && { plan, module };
    });
    if (built) return built;
  }
  // The first that was told is told again below, with all others.
  const first = problems.splice(0);
  problems.push(...productProblems(provider, context.recipe.product));
  // What lies outside the folder is not looked at, and may be of any size.
  const isStray = (key: string) => folder.problems.some(({ path }) => path.startsWith(key));
  const inside = {
    ...provider,
    ...(isStray('driverFiles') && { driverFiles: [] }),
    ...((isStray('cim') || isStray('programs')) && { cim: [] }),
  };
  const drivers = await collect(() => planOemDrivers(inside, context));
  const driverTree = await collect(async () => (await drivers?.read())?.tree);
  const firmwareTree = await collect(async () =>
    (await planOemFirmware(inside, components))?.read(),
  );
  const programs = await collect(() => planOemPrograms(inside, context));
  const cimTree = await collect(async () => {
    const cim = await planOemCim(inside, programs?.programs ?? [], components);
    return cim?.read();
  });
  const trees = [folder.tree, driverTree, firmwareTree, cimTree].filter((one) => one !== undefined);
  const tree = await collect(async () => mergeTrees(...trees));
  const reported = problems.length > 0 ? problems : first;
  return { problems: reported, module: unbuilt(provider, tree ?? folder.tree, context) };
}

/** A module as it would be known to others, without bytes. */
function unbuilt(provider: LoadedProvider, tree: FileTree, context: PlanContext): BuiltModule {
  const { name, vendor, version, driverFiles } = provider;
  const own = driverFiles.map((ref) =>
    moduleName('member' in ref ? ref.member : ref.component.path),
  );
  const relations = relationsOf(provider, context.recipe.product, context.kernel, own);
  return {
    name,
    fileName: `${name}.v00`,
    version,
    kind: 'oem',
    vendor,
    oem: { name, vendor, version, relations, places: providerPlaces(provider) },
    bytes: 0,
    sha256: '0'.repeat(64),
    path: '',
    cached: false,
    paths: pathsOf(tree),
    inventory: [],
  };
}
