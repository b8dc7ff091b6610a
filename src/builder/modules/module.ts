import type { ResolvedRecipe } from '../../recipe/schema.ts';
import type { ComponentContext, Resolved } from '../components/component.ts';
import type { Json } from '../components/derived.ts';
import type { FileTree } from '../components/file-tree.ts';
import { describePackages } from '../inventory/describe-packages.ts';
import {
  type InventorySources,
  inventoryInputs,
  type ModuleInventory,
} from '../inventory/inventory.ts';
import { ownPackage } from '../inventory/own-package.ts';
import type { InventoryPackage } from '../inventory/package.ts';
import type { DriverFirmware } from '../oem/driver-set.ts';
import type { OemOrigin } from '../oem/oem-origin.ts';
import type { ModulesBelow, UsedModule } from './below.ts';
import type { KernelSource } from './kernel-source.ts';

/** One path that a module brings; `bytes` is there for files only. */
type ModulePath = { readonly path: string; readonly bytes?: number };

/**
 * What a module will be made of, known before anything is fetched or packed. `inputs` is all that its
 * bytes depend on: the module's key in the cache is a hash of it.
 */
export interface ModulePlan {
  /** Name in the recipe and in the manifest: `engine`; `vmkernel` and `boot` for those two. */
  readonly name: string;
  /** Name in the bank: `engine.v00`. */
  readonly fileName: string;
  /** Version of what it is made of, for people and for bundles. */
  readonly version: string;
  readonly components: readonly Resolved[];
  readonly inputs: Json;
  /** Host tools (src/host/tools.ts) whose output it consists of; their versions are inputs, too. */
  readonly tools: readonly string[];
  /** Libraries it brings that modules above it need not bring again. */
  readonly sonames: readonly string[];
  /** Paths of programs that can run scripts of modules above it. */
  readonly programs?: readonly string[];
  /** Libraries that it takes from modules below it. */
  readonly uses?: readonly UsedModule[];
  /** Libraries of which it has only stubs: no other module can use them. */
  readonly stubs?: readonly string[];
  /** Names that others can require, beside its own; of an OEM they are in `oem`. */
  readonly provides?: readonly string[];
  /** The OEM whose module it is; of the base without one. */
  readonly oem?: OemOrigin;
  /** What the drivers of an OEM ask for. */
  readonly firmware?: () => Promise<readonly DriverFirmware[]>;
  /** Makes the module's bytes in an empty folder of its own. */
  build(scratch: string): Promise<ModuleContent>;
}

/** A module as it is built, and what is in it; one that was packed long ago may have no inventory. */
export interface ModuleContent {
  readonly data: Uint8Array;
  readonly paths: readonly ModulePath[];
  readonly inventory?: readonly ModuleInventory[];
}

/** A plan before it is known what its components say of themselves ({@link completePlan}). */
export interface ModuleDraft extends Omit<ModulePlan, 'build'> {
  readonly inputs: { readonly [key: string]: Json };
  /** Whose work all is that comes from no component; twinbank's, where it says nothing. */
  readonly own?: InventoryPackage;
  build(scratch: string, sources: InventorySources): Promise<ModuleContent>;
}

/**
 * The plan of a draft: with packages that are only there for their licences, for the lock, and with all that its
 * inventory says in its key.
 */
export async function completePlan(
  draft: ModuleDraft,
  context: ComponentContext,
): Promise<ModulePlan> {
  const { packages, copyrights } = await describePackages(draft.components, context);
  const { own = ownPackage(), uses } = draft;
  const sources = { own, packages, ...(uses && { uses }) };
  return {
    ...draft,
    components: [...draft.components, ...copyrights],
    inputs: { ...draft.inputs, inventory: inventoryInputs(sources) },
    build: (scratch) => draft.build(scratch, sources),
  };
}

/** A module whose bytes are in the cache. */
export interface BuiltModule {
  readonly name: string;
  readonly fileName: string;
  readonly version: string;
  readonly kind: 'base' | 'oem';
  readonly vendor: string;
  readonly oem?: OemOrigin;
  readonly bytes: number;
  readonly sha256: string;
  /** Where the cache has it. */
  readonly path: string;
  readonly cached: boolean;
  readonly provides?: readonly string[];
  /** Modules without whose libraries it cannot run. */
  readonly requires?: readonly string[];
  readonly paths: readonly ModulePath[];
  /** Empty where nothing is known, and of the kernel, whose is in `boot`. */
  readonly inventory: readonly ModuleInventory[];
}

/** What every module's plan is made from. */
export interface PlanContext {
  readonly recipe: ResolvedRecipe;
  readonly components: ComponentContext;
  readonly kernel: KernelSource;
  /** What the modules planned so far bring. */
  readonly below: ModulesBelow;
}

/** The paths of a tree as a module lists them. */
export function pathsOf(tree: FileTree): ModulePath[] {
  return [...tree].flatMap(([path, entry]) => {
    if (entry.type === 'directory') return [];
    return [entry.type === 'file' ? { path, bytes: entry.data.length } : { path }];
  });
}
