/** A folder, and those that it may import beside itself. */
export type Walls = Readonly<Record<string, readonly string[]>>;

/** Who may import whom (docs/architecture.md); a folder may always import itself and diagnostics. */
export const folders: Walls = {
  diagnostics: [],
  host: [],
  disk: ['host'],
  protocol: [],
  coredump: ['disk', 'protocol'],
  bootloader: ['disk', 'protocol', 'host'],
  state: ['bootloader', 'disk'],
  update: ['state', 'bootloader', 'disk'],
  hostcore: ['update', 'state', 'bootloader', 'disk', 'protocol'],
  recipe: ['host'],
  builder: ['recipe', 'update', 'state', 'bootloader', 'disk', 'host'],
  flash: ['recipe', 'update', 'state', 'bootloader', 'disk', 'host'],
  harness: ['recipe', 'hostcore', 'update', 'state', 'bootloader', 'disk', 'protocol', 'host'],
  compare: ['recipe', 'builder', 'update', 'state', 'bootloader', 'disk', 'host'],
  runtime: ['hostcore', 'update', 'state', 'bootloader', 'coredump', 'disk', 'protocol'],
  cli: [
    ...['recipe', 'builder', 'flash', 'harness', 'compare'],
    ...['update', 'state', 'bootloader', 'coredump', 'disk', 'protocol', 'host'],
  ],
};

/** What the builder may import of the running system: rows, which are data, and the compiler of their filters. */
export const agentRows = [
  'runtime/agents/registry.ts',
  'runtime/agents/agent.ts',
  'runtime/system/seccomp/agent-filter.ts',
];

/**
 * The same within a folder of the house: a row a subfolder. A subfolder of a subfolder has a row of its own or belongs to the
 * one above it. Files that lie beside the subfolders put them together: they may import all of them, and none of them may
 * import such a file.
 */
export const inside: Readonly<Record<string, Walls>> = {
  harness: {
    console: [],
    faults: ['console'],
    machine: ['console', 'faults'],
    sim: ['console', 'faults', 'machine'],
    qemu: ['console', 'faults', 'machine', 'sim'],
    command: ['console', 'faults', 'machine', 'sim'],
    live: ['console', 'machine', 'qemu'],
    report: ['console', 'faults', 'qemu'],
    scenario: ['console', 'faults', 'machine', 'qemu', 'report'],
    run: ['faults', 'machine', 'report', 'scenario'],
  },
  runtime: {
    system: [],
    vmm: ['system'],
    vim: [],
    agents: ['system'],
    // Runs on the trimmed engine while it is built, and is in no image.
    'engine-check': [],
    'vmkernel/boot': ['system'],
    'vmkernel/network': ['system'],
    'vmkernel/oem': ['system'],
    'vmkernel/state': ['system', 'vmkernel/boot', 'vmkernel/oem'],
    'vmkernel/update': ['system', 'vmkernel/boot'],
    'vmkernel/store': ['system'],
    'vmkernel/resources': ['system'],
    'vmkernel/storage': ['system', 'vmkernel/boot'],
    'vmkernel/coredump': ['system', 'vmkernel/boot'],
    'vmkernel/health': ['system', 'vmkernel/boot', 'vmkernel/network', 'vmkernel/store'],
    'vmkernel/agents': ['system', 'agents'],
    'vmkernel/support': ['system', 'agents', 'vmkernel/boot', 'vmkernel/oem'],
    'vmkernel/management': ['system', 'vmm', 'vmkernel/boot', 'vmkernel/network'],
    // vmkd lists the steps of all.
    vmkernel: [
      ...['system', 'vmm', 'agents', 'vmkernel/boot', 'vmkernel/network', 'vmkernel/oem'],
      ...[
        'vmkernel/state',
        'vmkernel/update',
        'vmkernel/store',
        'vmkernel/resources',
        'vmkernel/storage',
        'vmkernel/health',
        'vmkernel/agents',
      ],
      ...['vmkernel/support', 'vmkernel/management', 'vmkernel/coredump'],
    ],
  },
};

/** Where an agent's name may stand outside its folder, and as what. Paths that end in / are folders. */
export const agentNames: Readonly<Record<string, string>> = {
  'runtime/agents/registry.ts': 'the line of each agent',
  'recipe/host-files.ts': 'the words of provider.yaml',
  'recipe/provider-schema.ts': 'the same',
  'recipe/provider-cim-schema.ts': 'the same',
  'builder/oem/': 'the interface of CIM providers, and settings that an OEM has defaults for',
  'builder/modules/oem.ts': 'the same',
  'builder/ova/ovf.ts': "the DMTF's name spaces",
  'cli/commands/oem/test.ts': 'the folder of CIM providers',
  'runtime/system/seccomp/syscall-numbers.ts': 'a system call has the same name',
  'state/setting-rows.ts': 'the names of settings and of their files',
  'state/syslog-settings.ts': 'the same',
  'runtime/agents/syslog/log-message.ts': 'a facility has the same name',
  'state/archive.ts': 'the same',
  'state/accounts.ts': 'users of the system, whose names no local user can have',
  'harness/scenario/expectations/sensor.ts': 'methods of vmkd that an expectation asks',
  'harness/scenario/steps/configure.ts': 'settings that a step sets',
};
