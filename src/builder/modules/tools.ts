import type { ToolsModule } from '../../recipe/module-schema.ts';
import { mergeTrees } from '../components/file-tree.ts';
import { type MemberFile, resolveMembers } from '../components/members.ts';
import { imagePath, readData, withImagePaths } from './data-files.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { planPrograms, programRoots } from './programs.ts';

/** Programs of packages with just the libraries they need and that no layer below has, and the files they read. */
export async function planTools(
  name: string,
  module: ToolsModule,
  { recipe, components, below }: PlanContext,
): Promise<ModuleDraft> {
  const key = `modules.${name}`;
  const programs = await resolveMembers(module.programs, components);
  const data = await resolveMembers(module.data, components);
  const planned = await planPrograms(programRoots(programs, `${key}.programs`), below, components, {
    stubs: module.stubs,
    unwindTables: !module.unwindTables,
    key,
  });
  const memberInputs = (rows: readonly MemberFile[]) =>
    rows.map(({ component, member }) => [component.sha256, member ?? '']);
  const packages = [...programs, ...data].map(({ component }) => component);
  return {
    name,
    fileName: `${name}.v00`,
    version: `${recipe.version}-${recipe.build}`,
    components: [...packages, ...planned.packages],
    inputs: {
      type: 'tools',
      format: 1,
      programs: memberInputs(programs),
      libraries: planned.packages.map(({ sha256 }) => sha256),
      sonames: planned.sonames,
      stubs: [key, ...module.stubs],
      unwindTables: module.unwindTables,
      data: memberInputs(data),
      layer: layerInputs(module.layer),
    },
    tools: ['strip', 'as', 'ld', 'mksquashfs'],
    sonames: planned.sonames,
    programs: programs.map(({ member = '' }) => imagePath(member)),
    uses: planned.uses,
    stubs: module.stubs,
    build: async (scratch, sources) => {
      const files = await readData(data, `${key}.data`, components);
      const tree = withImagePaths(mergeTrees(await planned.read(scratch), files));
      return makeLayer(name, tree, module.layer, sources, scratch, components.signal);
    },
  };
}
