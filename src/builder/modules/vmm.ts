import { TwinbankError } from '../../diagnostics/error.ts';
import type { VmmModule } from '../../recipe/module-schema.ts';
import { addEntry } from '../components/file-tree.ts';
import { readMembers, resolveMembers } from '../components/members.ts';
import { resolveComponents } from '../components/sources.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { planPrograms } from './programs.ts';

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
  const place = `modules.${name}.programs`;
  const roots = [{ component: emulator, paths: module.programs, place }];
  const programs = await planPrograms(roots, provided, components);
  const firmware = await resolveMembers(module.firmware, components);
  return {
    name,
    fileName: `${name}.v00`,
    version: emulator.version,
    components: [emulator, ...programs.packages, ...firmware.map(({ component }) => component)],
    inputs: {
      type: 'vmm',
      format: 1,
      emulator: emulator.sha256,
      programs: module.programs,
      libraries: programs.packages.map(({ sha256 }) => sha256),
      sonames: programs.sonames,
      firmware: firmware.map(({ component, member }) => [component.sha256, member ?? '']),
      layer: layerInputs(module.layer),
    },
    tools: ['strip', 'mksquashfs'],
    sonames: programs.sonames,
    build: async (scratch, sources) => {
      const tree = await programs.read(scratch);
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
