import { TwinbankError } from '../../diagnostics/error.ts';
import type { Diagnostic } from '../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import type { ResolvedRecipe } from '../../recipe/schema.ts';
import type { Path } from '../../recipe/tree.ts';
import { type CombineProblem, combineProblems } from '../../update/manifest/combine.ts';
import { developmentKey } from '../../update/signing/key.ts';
import { bankContents, firstBootCfg } from '../bank.ts';
import type { ComponentContext } from '../components/component.ts';
import { assertFits, computeFit, type Fit } from '../fit.ts';
import { signManifest, unsignedManifests } from '../manifests.ts';
import { buildModules, planContext, planModules } from '../modules/build-modules.ts';
import type { BuiltModule, ModulePlan, PlanContext } from '../modules/module.ts';
import { planOem } from '../modules/oem.ts';
import { cycleProblems } from './cycles.ts';

export interface OemCheck {
  readonly problems: readonly Diagnostic[];
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
  /** Plans the module that is checked. */
  plan(context: PlanContext): Promise<ModulePlan> | ModulePlan;
  /** Where its provider.yaml says something; undefined for a packed one. */
  readonly provider?: LoadedProvider;
}

/**
 * Builds an OEM and holds it against the base of a recipe and the recipe's other OEMs: can it be built, do they
 * go together, does the bank have the room? Tells everything that it can find out at once.
 */
export async function checkOem(options: CheckOptions): Promise<OemCheck> {
  const { recipe, components, shown, provider } = options;
  const context = await planContext(recipe, components);
  const problems: Diagnostic[] = [];
  const blame = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(...diagnosticsOf(error, shown));
      return undefined;
    }
  };
  const own = await blame(async () => {
    const plan = await options.plan(context);
    return (await buildModules([plan], components))[0];
  });
  if (!own) return { problems };
  const plans = await planModules({ ...recipe, oem: [] }, components);
  for (const { path } of recipe.oem) plans.push(await planOem(path, context));
  const others = await buildModules(plans, components);
  const modules = [...others, own];
  const manifests = unsignedManifests({
    ...{ recipe, modules, packages: [], trust: [], key: developmentKey },
  });
  const combined = [...combineProblems(manifests), ...cycleProblems(manifests)];
  problems.push(...combined.map((problem) => placed(problem, shown, provider)));
  const fit = await blame(async () => {
    // Signatures of another key have the same size.
    const signed = manifests.map((manifest) => signManifest(manifest, developmentKey));
    const bank = bankContents(signed, modules);
    const files = [firstBootCfg(bank, 1, false), ...bank.files];
    const found = computeFit(recipe.bank.size, recipe.bank.reserve, files);
    assertFits(found);
    return found;
  });
  return { problems, module: own, ...(fit && { fit }) };
}

/** What a step told is a problem of the OEM where a person can change it; anything else is thrown again. */
function diagnosticsOf(error: unknown, shown: string): Diagnostic[] {
  if (!(error instanceof TwinbankError) || error.kind !== 'recipe') throw error;
  const { diagnostics } = error.data;
  // Of recipeError, which makes it of just these.
  if (error.code === 'recipe.invalid' && Array.isArray(diagnostics)) return diagnostics;
  // Of a driver, which has its place before its sentence.
  const rest = error.message.startsWith(shown) ? error.message.slice(shown.length) : '';
  const [, line, column, path, message] = /^:(\d+):(\d+) (\S+): (.*)$/s.exec(rest) ?? [];
  if (path === undefined || message === undefined) return [unplaced(shown, error.message)];
  const place = { line: Number(line), column: Number(column) };
  return [{ ...unplaced(shown, message), ...place, path }];
}

function unplaced(file: string, message: string): Diagnostic {
  return { file, line: null, column: null, path: '', message, suggestion: null };
}

/** At the line of provider.yaml that says what does not hold. */
function placed(
  { message }: CombineProblem,
  shown: string,
  provider: LoadedProvider | undefined,
): Diagnostic {
  if (!provider) return unplaced(shown, message);
  const { requires, conflicts, builds, defaults } = provider;
  const saying: [Path, string][] = [
    ...requires.map((text, at): [Path, string] => [['requires', at], `requires ${text},`]),
    ...conflicts.map((text, at): [Path, string] => [['conflicts', at], `with ${text},`]),
    ...builds.map((range, at): [Path, string] => [['builds', at], ` ${range},`]),
    ...Object.keys(defaults).map((name): [Path, string] => [
      ['defaults', name],
      `with default-${name},`,
    ]),
  ];
  const isOwn = message.startsWith(`${provider.name} of ${provider.name} `);
  const at = isOwn ? saying.find(([, text]) => message.includes(text))?.[0] : undefined;
  return at ? { ...provider.problem(at, '', ''), message } : unplaced(shown, message);
}
