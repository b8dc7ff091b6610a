import type { ToolsModule } from '../../recipe/module-schema.ts';
import { memberInputs, resolveMembers } from '../components/members.ts';
import { imagePath } from './data-files.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { planProgramLayer } from './program-layer.ts';
import { programRoots } from './programs.ts';

/** Programs of packages with just the libraries they need and that no layer below has, and the files they read. */
export async function planTools(
  name: string,
  module: ToolsModule,
  context: PlanContext,
): Promise<ModuleDraft> {
  const { recipe, components } = context;
  const programs = await resolveMembers(module.programs, components);
  const data = await resolveMembers(module.data, components);
  const draft = await planProgramLayer(
    name,
    {
      version: `${recipe.version}-${recipe.build}`,
      roots: programRoots(programs, `modules.${name}.programs`),
      data,
      module,
      components: [...programs, ...data].map(({ component }) => component),
      inputs: { type: 'tools', format: 1, programs: memberInputs(programs) },
    },
    context,
  );
  return { ...draft, programs: programs.map(({ member = '' }) => imagePath(member)) };
}
