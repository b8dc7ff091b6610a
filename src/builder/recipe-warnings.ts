import { missingNeeds, type Need } from '../recipe/needs.ts';
import type { ResolvedRecipe } from '../recipe/schema.ts';
import { agents } from '../runtime/agents/registry.ts';

/** Who removes one by name knows what he does; a whole list in its place may have been meant to be one agent more. */
const agentNeeds: readonly Need[] = agents.flatMap(({ name, lost }) =>
  lost === undefined ? [] : [{ value: name, lost, unlessByName: true }],
);

/** One sentence for each thing that can be built without, and that fallback, a console, a test or a person stands on. */
export function recipeWarnings(recipe: ResolvedRecipe): string[] {
  return [...missingNeeds(recipe, { agents: agentNeeds }), ...missingWorlds(recipe)];
}

/** Of a bank that could run agents, and not in a world, as vmkd starts those with users of their own. */
function missingWorlds({ modules }: ResolvedRecipe): string[] {
  const all = Object.values(modules);
  const named = all.flatMap((module) => (module.type === 'agents' ? module.agents : []));
  const inWorlds = agents.filter(({ name, user }) => user && named.includes(name));
  const programs = all.flatMap((module) => (module.type === 'tools' ? module.programs : []));
  const hasEngine = all.some(({ type }) => type === 'engine');
  const hasBwrap = programs.some(({ member }) => member === 'usr/bin/bwrap');
  if (!hasEngine || hasBwrap || inWorlds.length === 0) return [];
  const names = inWorlds.map(({ name }) => name).join(', ');
  return [
    `modules: without deb:bubblewrap#usr/bin/bwrap in a module of type tools, these agents do not start: ${names}`,
  ];
}
