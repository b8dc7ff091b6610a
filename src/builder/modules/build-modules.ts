import { TwinbankError } from '../../diagnostics/error.ts';
import type { ModuleRecipe } from '../../recipe/module-schema.ts';
import type { ResolvedRecipe } from '../../recipe/schema.ts';
import { throughLink } from '../../update/manifest/system-links.ts';
import type { ComponentContext } from '../components/component.ts';
import { type Derived, getOrBuild, type Json } from '../components/derived.ts';
import { sha256 } from '../components/digest.ts';
import { mapParallel } from '../components/retry.ts';
import { fetchComponents } from '../components/sources.ts';
import { toolVersion } from '../tool-version.ts';
import { planAgents } from './agents.ts';
import { modulesBelow, nothingBelow } from './below.ts';
import { planBoot } from './boot.ts';
import { planDrivers } from './drivers.ts';
import { planEngine } from './engine.ts';
import { planFiles } from './files.ts';
import { findKernel } from './kernel-source.ts';
import {
  type BuiltModule,
  completePlan,
  type ModuleContent,
  type ModuleDraft,
  type ModulePlan,
  type PlanContext,
} from './module.ts';
import { planOem } from './oem.ts';
import { refuseNeededStubs } from './stubs.ts';
import { planTools } from './tools.ts';
import { planVmkernel } from './vmkernel.ts';
import { planVmm } from './vmm.ts';

type Planner<M> = (
  name: string,
  module: M,
  context: PlanContext,
) => Promise<ModuleDraft> | ModuleDraft;

/** One row for each type of module that a recipe can name. */
const planners: { [T in ModuleRecipe['type']]: Planner<Extract<ModuleRecipe, { type: T }>> } = {
  engine: planEngine,
  agents: planAgents,
  vmm: planVmm,
  drivers: planDrivers,
  files: planFiles,
  tools: planTools,
};

/** Modules packed at once; mksquashfs uses all cores by itself, so more would only take more memory. */
const parallelBuilds = 2;

/**
 * Plans the recipe's modules in the order in which they are stacked: kernel, initramfs, layers, OEMs. Nothing
 * is fetched or built yet but what a plan must look into.
 */
export async function planModules(
  recipe: ResolvedRecipe,
  components: ComponentContext,
): Promise<ModulePlan[]> {
  const { plans, context } = await planBase(recipe, components);
  return [...plans, ...(await planOems(recipe, context))];
}

/** The modules of the base, and what those of OEMs are planned from. */
export interface BasePlan {
  readonly context: PlanContext;
  readonly plans: readonly ModulePlan[];
}

/** The same without the OEMs. */
export async function planBase(
  recipe: ResolvedRecipe,
  components: ComponentContext,
): Promise<BasePlan> {
  const context = await planContext(recipe, components);
  const boot = await completePlan(await planBoot(context), components);
  const plans = [planVmkernel(context), boot];
  for (const [name, module] of Object.entries(recipe.modules)) {
    const draft = await planOne(name, module, { ...context, below: modulesBelow(plans) });
    const plan = await completePlan(draft, components);
    refuseNeededStubs(plans, plan);
    plans.push(plan);
  }
  return { context: { ...context, below: modulesBelow(plans) }, plans };
}

/** The modules of a recipe's OEMs, in their order. */
export async function planOems(
  { oem }: Pick<ResolvedRecipe, 'oem'>,
  context: PlanContext,
): Promise<ModulePlan[]> {
  const plans: ModulePlan[] = [];
  for (const { path } of oem) plans.push(await planOem(path, context));
  return plans;
}

/** What plans of a recipe's modules are made from, before there is one. */
export async function planContext(
  recipe: ResolvedRecipe,
  components: ComponentContext,
): Promise<PlanContext> {
  return {
    recipe,
    components,
    below: nothingBelow,
    kernel: await findKernel(recipe.kernel, components),
  };
}

function planOne(name: string, module: ModuleRecipe, context: PlanContext) {
  // The row of a type takes modules of that type, which a union of functions cannot say.
  const plan = planners[module.type] as Planner<ModuleRecipe>;
  return plan(name, module, context);
}

/** Takes the modules from the cache, or fetches what they are made of and builds them. In the plans' order. */
export async function buildModules(
  plans: readonly ModulePlan[],
  components: ComponentContext,
): Promise<BuiltModule[]> {
  const built = await mapParallel(plans, parallelBuilds, (plan) => buildOne(plan, components));
  assertNoSharedPaths(built.filter(({ oem }) => !oem));
  return built;
}

/** What the cache remembers of a module beside its bytes. */
type Meta = Json & Omit<ModuleContent, 'data'>;

async function buildOne(plan: ModulePlan, components: ComponentContext): Promise<BuiltModule> {
  const started = performance.now();
  const tools = await Promise.all(plan.tools.map((tool) => toolVersion(tool, components)));
  const key = sha256(JSON.stringify({ inputs: plan.inputs, tools }));
  const derived: Derived<Meta> = await getOrBuild(components.cache, key, async (scratch) => {
    await fetchComponents(plan.components, components);
    components.report({ type: 'note', text: `building ${plan.fileName} (${plan.version})` });
    const { data, ...meta } = await plan.build(scratch);
    return { data, meta: meta as unknown as Meta };
  });
  const seconds = (performance.now() - started) / 1000;
  components.report({ type: 'done', task: plan.fileName, seconds, cached: derived.cached });
  return {
    name: plan.name,
    fileName: plan.fileName,
    version: plan.version,
    kind: plan.oem ? 'oem' : 'base',
    vendor: plan.oem?.vendor ?? 'twinbank',
    ...(plan.oem && { oem: plan.oem }),
    ...(plan.provides && { provides: plan.provides }),
    ...(plan.uses && { requires: plan.uses.map(({ module }) => module) }),
    bytes: derived.bytes,
    sha256: derived.sha256,
    path: derived.path,
    cached: derived.cached,
    paths: derived.meta.paths,
    inventory: derived.meta.inventory ?? [],
  };
}

/**
 * Throws `modules.shared-path` when two layers bring the same file: which one would win is an accident. So
 * it is where one brings a file or link (`bin`) and another something below it (`bin/tool`): the upper
 * layer's folder would hide the link, and all that is reached through it.
 */
export function assertNoSharedPaths(modules: readonly BuiltModule[]): void {
  const layers = modules.filter(({ name }) => name !== 'boot');
  const owners = new Map<string, string>();
  for (const { name, paths } of layers) {
    for (const { path } of paths) {
      const owner = owners.get(path);
      if (owner !== undefined) throw sharedPath(path, 'bring this file', owner, name);
      owners.set(path, name);
    }
  }
  for (const { name, paths } of layers) {
    for (const { path } of paths) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const above = path.slice(0, end);
        const owner = owners.get(above);
        if (owner === undefined) continue;
        const what = `bring it, as no folder and with ${path} below it`;
        throw sharedPath(above, what, owner, name, throughLink(path)?.direct);
      }
    }
  }
}

/** `direct` is where what lies behind a link of the base belongs. */
function sharedPath(
  path: string,
  what: string,
  owner: string,
  other: string,
  direct?: string,
): TwinbankError {
  const way = direct === undefined ? 'leave it out of one of them' : `move that to ${direct}`;
  return new TwinbankError(
    'recipe',
    'modules.shared-path',
    `/${path}: expected one module to ${what}, found ${owner} and ${other}; ${way}`,
    { data: { path, modules: [owner, other] } },
  );
}
