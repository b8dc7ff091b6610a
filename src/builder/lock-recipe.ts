import type { ResolvedRecipe } from '../recipe/schema.ts';
import type { ComponentContext, Resolved } from './components/component.ts';
import { planModules } from './modules/build-modules.ts';
import { atRecipeLines } from './recipe-error.ts';
import { planStorePackages } from './store-packages.ts';

/**
 * The components that building a recipe now would use, for its lock: the same that a build lists beside
 * its image. Fetches only what planning must look into. Throws as {@link planModules} does.
 */
export async function usedComponents(
  recipe: ResolvedRecipe,
  components: ComponentContext,
): Promise<Resolved[]> {
  return atRecipeLines(recipe, async () => {
    const plans = await planModules(recipe, components);
    const store = await planStorePackages(recipe, components);
    return [...plans, ...store].flatMap((plan) => plan.components);
  });
}
