import { TwinbankError } from '../../diagnostics/error.ts';
import type { VmmModule } from '../../recipe/module-schema.ts';
import { addEntry, mergeTrees } from '../components/file-tree.ts';
import { readMembers, resolveMembers } from '../components/members.ts';
import { resolveComponents } from '../components/sources.ts';
import { readData, withImagePaths } from './data-files.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { planPrograms, programRoots } from './programs.ts';

/** QEMU looks for its firmware here, whatever package brought it. */
const firmwareFolder = 'usr/share/qemu';

/** The monitor: QEMU's x86 emulator with just the libraries it needs and the firmware that is listed. */
export async function planVmm(
  name: string,
  module: VmmModule,
  context: PlanContext,
): Promise<ModuleDraft> {
  const { components, below } = context;
  const [emulator] = await resolveComponents([module.from], components);
  if (!emulator) throw new TwinbankError('internal', 'vmm.lost', 'vmm.from resolved to nothing');
  const key = `modules.${name}`;
  const plugins = await resolveMembers(module.plugins, components);
  const data = await resolveMembers(module.data, components);
  const firmware = await resolveMembers(module.firmware, components);
  const programs = await planPrograms(
    [
      { component: emulator, paths: module.programs, place: `${key}.programs` },
      ...programRoots(plugins, `${key}.plugins`),
    ],
    below,
    components,
    { stubs: module.stubs, unwindTables: !module.unwindTables, key },
  );
  const members = [...plugins, ...data, ...firmware];
  const memberInputs = (rows: typeof members) =>
    rows.map(({ component, member }) => [component.sha256, member ?? '']);
  return {
    name,
    fileName: `${name}.v00`,
    version: emulator.version,
    components: [emulator, ...programs.packages, ...members.map(({ component }) => component)],
    inputs: {
      type: 'vmm',
      format: 4,
      emulator: emulator.sha256,
      programs: module.programs,
      libraries: programs.packages.map(({ sha256 }) => sha256),
      sonames: programs.sonames,
      stubs: [key, ...module.stubs],
      unwindTables: module.unwindTables,
      plugins: memberInputs(plugins),
      data: memberInputs(data),
      firmware: memberInputs(firmware),
      layer: layerInputs(module.layer),
    },
    tools: ['strip', 'as', 'ld', 'mksquashfs'],
    sonames: programs.sonames,
    uses: programs.uses,
    stubs: module.stubs,
    build: async (scratch, sources) => {
      const files = await readData(data, `${key}.data`, components);
      const tree = withImagePaths(mergeTrees(await programs.read(scratch), files));
      for (const { component, member } of firmware) {
        const wanted = member === undefined ? undefined : [member];
        const found = await readMembers(component, wanted, `${key}.firmware`, components);
        for (const [path, entry] of found) {
          addEntry(tree, `${firmwareFolder}/${path.split('/').pop()}`, entry);
        }
      }
      return makeLayer(name, tree, module.layer, sources, scratch, components.signal);
    },
  };
}
