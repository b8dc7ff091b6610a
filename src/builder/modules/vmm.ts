import { TwinbankError } from '../../diagnostics/error.ts';
import type { VmmModule } from '../../recipe/module-schema.ts';
import { addEntry } from '../components/file-tree.ts';
import { memberInputs, readMember, resolveMembers } from '../components/members.ts';
import { resolveComponents } from '../components/sources.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { planProgramLayer } from './program-layer.ts';
import { programRoots } from './programs.ts';

/** QEMU looks for its firmware here, whatever package brought it. */
const firmwareFolder = 'usr/share/qemu';

/** The monitor: QEMU's x86 emulator with just the libraries it needs and the firmware that is listed. */
export async function planVmm(
  name: string,
  module: VmmModule,
  context: PlanContext,
): Promise<ModuleDraft> {
  const { components } = context;
  const [emulator] = await resolveComponents([module.from], components);
  if (!emulator) throw new TwinbankError('internal', 'vmm.lost', 'vmm.from resolved to nothing');
  const key = `modules.${name}`;
  const plugins = await resolveMembers(module.plugins, components);
  const data = await resolveMembers(module.data, components);
  const firmware = await resolveMembers(module.firmware, components);
  const members = [...plugins, ...data, ...firmware];
  return planProgramLayer(
    name,
    {
      version: emulator.version,
      roots: [
        { component: emulator, paths: module.programs, place: `${key}.programs` },
        ...programRoots(plugins, `${key}.plugins`),
      ],
      data,
      module,
      components: [emulator, ...members.map(({ component }) => component)],
      inputs: {
        type: 'vmm',
        format: 4,
        emulator: emulator.sha256,
        programs: module.programs,
        plugins: memberInputs(plugins),
        firmware: memberInputs(firmware),
      },
      addTo: async (tree) => {
        for (const file of firmware) {
          const found = await readMember(file, `${key}.firmware`, components);
          for (const [path, entry] of found) {
            addEntry(tree, `${firmwareFolder}/${path.split('/').pop()}`, entry);
          }
        }
      },
    },
    context,
  );
}
