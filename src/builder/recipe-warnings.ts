import { missingNeeds, type Need } from '../recipe/needs.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import { agents } from '../runtime/agents/registry.ts';

/** Who removes one by name knows what he does; a whole list in its place may have been meant to be one agent more. */
const agentNeeds: readonly Need[] = agents.flatMap(({ name, lost }) =>
  lost === undefined ? [] : [{ value: name, lost, unlessByName: true }],
);

/** One sentence for each thing that can be built without, and that fallback, a console, a test or a person stands on. */
export function recipeWarnings(recipe: ResolvedRecipe): string[] {
  return missingNeeds(recipe, { agents: agentNeeds });
}
