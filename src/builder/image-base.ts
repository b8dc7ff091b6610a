import type { ResolvedRecipe } from '../recipe/schema.ts';
import type { ComponentContext } from './components/component.ts';
import { computeFit, storeRoomWarning } from './fit.ts';
import { type BasePlan, buildModules, planBase } from './modules/build-modules.ts';
import type { BuiltModule } from './modules/module.ts';
import { atRecipeLines } from './recipe-error.ts';
import { recipeWarnings } from './recipe-warnings.ts';
import { planStore, type StoreContents } from './store.ts';

/** What images of one recipe have in common, whatever OEMs they get: made once, when it is first asked for. */
export interface ImageBase {
  plan(): Promise<BasePlan>;
  modules(): Promise<readonly BuiltModule[]>;
  store(): Promise<StoreContents>;
  /** Reports what its images can be built without, and are not safe without. */
  warn(): Promise<void>;
}

/** The base of a recipe; the recipe's own OEMs are not part of it. What fails, fails for each that asks. */
export function imageBase(recipe: ResolvedRecipe, components: ComponentContext): ImageBase {
  const plan = once(() => atRecipeLines(recipe, () => planBase(recipe, components)));
  const store = once(() => atRecipeLines(recipe, () => planStore(recipe, components)));
  return {
    plan,
    modules: once(async () => {
      const { plans } = await plan();
      return atRecipeLines(recipe, () => buildModules(plans, components));
    }),
    store,
    warn: once(async () => {
      const room = storeRoomWarning(computeFit(recipe.store.size, 0, (await store()).files));
      for (const text of [...recipeWarnings(recipe), ...(room === undefined ? [] : [room])]) {
        components.report({ type: 'warning', text });
      }
    }),
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
