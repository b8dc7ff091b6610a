import { TwinbankError } from '../../diagnostics/error.ts';
import type { VmmModule } from '../../recipe/module-schema.ts';
import { addEntry, mergeTrees } from '../components/file-tree.ts';
import { readLibraries } from '../components/libraries.ts';
import { planLibraries } from '../components/library-plan.ts';
import { readMembers, resolveMembers } from '../components/members.ts';
import { resolveComponents } from '../components/sources.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { stripPrograms } from './strip.ts';

/** QEMU looks for its firmware here, whatever package brought it. */
const firmwareFolder = 'usr/share/qemu';

/** The monitor: QEMU's x86 emulator with just the libraries it needs and the firmware that is listed. */
export async function planVmm(
  name: string,
  module: VmmModule,
  context: PlanContext,
): Promise<ModuleDraft> {
  const { components, provided } = context;
  const [emulator] = await resolveComponents([module.from], components);
  if (!emulator) throw new TwinbankError('internal', 'vmm.lost', 'vmm.from resolved to nothing');
  const roots = [{ component: emulator, paths: module.programs }];
  const plan = await planLibraries(roots, provided, components);
  const firmware = await resolveMembers(module.firmware, components);
  return {
    name,
    fileName: `${name}.v00`,
    version: emulator.version,
    components: [emulator, ...plan.packages, ...firmware.map(({ component }) => component)],
    inputs: {
      type: 'vmm',
      format: 1,
      emulator: emulator.sha256,
      programs: module.programs,
      libraries: plan.packages.map(({ sha256 }) => sha256),
      sonames: plan.libraries.map(({ soname }) => soname),
      firmware: firmware.map(({ component, member }) => [component.sha256, member ?? '']),
      layer: layerInputs(module.layer),
    },
    tools: ['strip', 'mksquashfs'],
    sonames: plan.libraries.map(({ soname }) => soname),
    build: async (scratch, sources) => {
      const programs = await readMembers(
        emulator,
        module.programs,
        `modules.${name}.programs`,
        components,
      );
      const libraries = await readLibraries(plan, components);
      const tree = await stripPrograms(mergeTrees(programs, libraries), scratch);
      for (const { component, member } of firmware) {
        const members = member === undefined ? undefined : [member];
        const files = await readMembers(component, members, `modules.${name}.firmware`, components);
        for (const [path, entry] of files) {
          addEntry(tree, `${firmwareFolder}/${path.split('/').pop()}`, entry);
        }
      }
      return makeLayer(name, tree, module.layer, sources, scratch, components.signal);
    },
  };
}
