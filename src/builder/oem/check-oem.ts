import { TwinbankError } from '../../diagnostics/error.ts';
import type { Diagnostic } from '../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import type { ResolvedRecipe } from '../../recipe/schema.ts';
import { bankProblems } from '../../update/manifest/bank-problems.ts';
import { developmentKey } from '../../update/signing/key.ts';
import { bankContents, firstBootCfg } from '../bank.ts';
import type { ComponentContext } from '../components/component.ts';
import { assertFits, computeFit, type Fit } from '../fit.ts';
import { placesIn, signManifest, unsignedManifests } from '../manifests.ts';
import { buildModules, planBase } from '../modules/build-modules.ts';
import type { BuiltModule, ModulePlan, PlanContext } from '../modules/module.ts';
import { planOem } from '../modules/oem.ts';
import { examineProvider, type ProviderFolder } from './examine-provider.ts';
import { firmwareWarnings } from './oem-firmware.ts';
import { placedMessage } from './oem-places.ts';
import { problemList } from './problem-list.ts';
import { diagnosticOf } from './provider-place.ts';

export interface OemCheck {
  readonly problems: readonly Diagnostic[];
  /** What is worth a look and no reason to refuse it. */
  readonly warnings: readonly string[];
  /** The module, where it could be built. */
  readonly module?: BuiltModule;
  /** The bank with it, where it could be put together. */
  readonly fit?: Fit;
}

export interface CheckOptions {
  readonly recipe: ResolvedRecipe;
  readonly components: ComponentContext;
  /** How messages call a problem that has no place of its own. */
  readonly shown: string;
  /** A provider with its folder and all that is wrong with both; or a packed one that was planned already. */
  readonly subject:
    | { readonly provider: LoadedProvider; readonly folder: ProviderFolder }
    | { readonly plan: ModulePlan };
}

/**
 * Builds an OEM and holds it against the base of a recipe and the recipe's other OEMs: can it be built, do they
 * go together, does the bank have the room? Tells everything that can be known at once: of one that cannot be
 * built, how it goes together with the others; and where there is no base, what is wrong with the folder.
 */
export async function checkOem(options: CheckOptions): Promise<OemCheck> {
  const { subject, components } = options;
  const known = 'folder' in subject ? subject.folder.problems : [];
  try {
    const checked = await checkAgainstBase(options);
    return { ...checked, problems: [...known, ...checked.problems] };
  } catch (error) {
    if (!(error instanceof TwinbankError) || components.signal?.aborted) throw error;
    if (known.length === 0) throw error;
    const warning = `not held against a base, as there is none: ${error.message}`;
    return { problems: known, warnings: [warning] };
  }
}

/** The same without what is wrong with the folder itself. */
async function checkAgainstBase(options: CheckOptions): Promise<OemCheck> {
  const { recipe, components, shown } = options;
  const { plans, context } = await planBase(recipe, components);
  const { problems, collect } = problemList(shown);
  const own = await ownModule(options, context);
  problems.push(...own.problems);
  const others = [...(await buildModules(plans, components))];
  for (const { path } of recipe.oem) {
    const other = await collect(async () =>
      buildModules([await planOem(path, context)], components),
    );
    others.push(...(other ?? []));
  }
  const modules = [...others, own.module];
  const manifests = unsignedManifests({
    recipe,
    modules,
    packages: [],
    trust: [],
    key: developmentKey,
  });
  const places = placesIn(manifests, modules);
  for (const problem of bankProblems(manifests)) {
    problems.push(diagnosticOf(placedMessage(problem, places), shown));
  }
  if (!own.plan) return { problems, warnings: [] };
  const fit = await collect(async () => {
    // Signatures of another key have the same size.
    const signed = manifests.map((manifest) => signManifest(manifest, developmentKey));
    const bank = bankContents(signed, modules);
    const files = [firstBootCfg(bank, 1, false), ...bank.files];
    const found = computeFit(recipe.bank.size, recipe.bank.reserve, files);
    assertFits(
      found,
      modules.flatMap(({ oem, fileName }) => (oem ? [fileName] : [])),
    );
    return found;
  });
  const warnings = await firmwareWarnings([own.plan], modules);
  return { problems, warnings, module: own.module, ...(fit && { fit }) };
}

/** The module, built; where it cannot be, what is known of it, without a plan. */
async function ownModule(
  { subject, shown }: CheckOptions,
  context: PlanContext,
): Promise<{ module: BuiltModule; plan?: ModulePlan; problems: readonly Diagnostic[] }> {
  if ('provider' in subject) {
    const { provider, folder } = subject;
    return { problems: [], ...(await examineProvider(provider, folder, shown, context)) };
  }
  const { plan } = subject;
  const [module] = await buildModules([plan], context.components);
  if (!module) throw new TwinbankError('internal', 'oem.lost', `${plan.name}: not built`);
  return { module, plan, problems: [] };
}
