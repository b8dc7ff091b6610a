import type { JournalEvent } from '../../../../src/bootloader/boot-journal.ts';
import { consoleText } from '../../../../src/protocol/console-line.ts';
import type { Agent } from '../../../../src/runtime/agents/agent.ts';
import type { CoredumpService } from '../../../../src/runtime/vmkernel/coredump/coredump-service.ts';
import type { RunningParts } from '../../../../src/runtime/vmkernel/methods.ts';
import type { NfsDatastores } from '../../../../src/runtime/vmkernel/storage/nfs-datastores.ts';
import { runVmkd } from '../../../../src/runtime/vmkernel/vmkd.ts';
import type { VmkdPorts } from '../../../../src/runtime/vmkernel/vmkd-ports.ts';
import { fullNetwork } from '../../../../src/state/network-settings.ts';
import { keptNames } from '../../../support/device-namer.ts';

/** A port that a test can open: what waits for it goes on then. */
export function gate<T>() {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const row = (name: string, more: Partial<Agent> = {}): Agent => ({
  name,
  description: name,
  program: { path: '/bin/true', args: () => [] },
  ...more,
});

/** No datastore on a server. */
export const fakeNfs: NfsDatastores = {
  follow: () => {},
  add: async () => {},
  remove: () => Promise.reject(new Error('no datastore')),
  list: async () => [],
};

/** Nothing to dump, and nothing said of it. */
export function fakeCoredump(note: (event: string) => void = () => {}): CoredumpService {
  return {
    reportCrash: () => note('report a crash'),
    arm: async () => note('load the dump kernel'),
    status: () => ({ armed: true, why: null, keptBytes: 2 ** 28, dump: null }),
    problems: () => [],
    armProblem: () => undefined,
    withPartition: () => {
      throw new Error('no partition');
    },
    writeHeader: () => {},
  };
}

/** A system of which nothing is real, and all that vmkd did with it. */
export function fakeSystem(change: Partial<VmkdPorts> = {}) {
  const events: string[] = [];
  const journal: JournalEvent[] = [];
  const note = (event: string): void => void events.push(event);
  const fake: {
    seconds: number;
    panel?: readonly string[];
    parts?: RunningParts;
    pressed?: () => void;
  } = { seconds: 20 };
  const ports: VmkdPorts = {
    clock: { sinceKernel: () => fake.seconds, sincePowerOn: () => fake.seconds + 10 },
    console: {
      line: note,
      log: note,
      event: (event) => note(consoleText(event)),
      stage: (name, detail) => note(`${name}: ${detail}`),
      panel: (lines) => {
        fake.panel = lines;
      },
      picture: (lines) => note(`picture of ${lines.length} lines`),
      stages: () => ({ engine: 1 }),
    },
    command: {
      build: '1.2-3',
      bank: 5,
      partitionGuid: 'guid',
      trial: false,
      layers: [],
      refused: [],
    },
    settings: {
      agents: ['vmkd', 'lamp', 'syslog'],
      firstBoot: { trustedNetwork: false, blankDisks: 'format', bootDiskRest: 'leave' },
      health: { watchdogSeconds: 60, trialSeconds: 300, checks: ['agents'], trialChecks: [] },
      resources: {
        system: { cpuWeight: 200, memoryReserved: 96 << 20 },
        vm: { cpuWeight: 100, memoryReserved: 0 },
      },
      console: { product: 'twinbank', title: 'twinbank on R6', loaderSeconds: 2 },
    },
    faults: new Set(),
    engine: '22.0.0',
    time: { now: () => 1.8e9, kernelVersion: '(2026-11-05)', set: async () => undefined },
    takeOverGroup: () => false,
    shareMachine: () => [],
    feedWatchdogs: (seconds, { atOnce }) => {
      note(`watchdogs of ${seconds} s ${atOnce ? 'at once' : 'later'}`);
      return { devices: () => ['/dev/watchdog0'], starve: () => note('watchdogs starve') };
    },
    resetNow: () => {
      note('reset');
      return new Promise<never>(() => {});
    },
    addOemModules: () => note('OEM modules'),
    oemLoads: () => [],
    bankDrivers: () => ({
      report: { devices: 3, loaded: ['virtio_blk'], failed: [{ module: 'tg3', reason: 'none' }] },
      load: async () => note('load drivers'),
      loadNamed: async () => {},
    }),
    bankGuard: { assert: () => {}, problem: () => undefined },
    findBank: async () => ({ number: 5, device: '/dev/vda5', disk: '/dev/vda' }),
    openJournal: () => ({ write: (event) => void journal.push(event) }),
    stateKeeper: () => ({
      restore: async () => 'generation 3 of bank 5',
      save: async () => ({ saved: true, generation: 4 }),
      replace: async () => ({ saved: true, generation: 1 }),
      saveChanges: async () => note('save changes'),
      keep: async () => note('keep state'),
      report: () => ({ generation: 3, bank: 5, saved: true, problem: null }),
    }),
    oemLogos: () => [],
    oemLines: () => [],
    verifyBank: () => ({ problem: undefined, signed: [], files: ['usr/x'], packages: [] }),
    hostPackages: () => ({
      status: () => ({ problem: null, packages: [] }),
      problems: () => [],
      isUnchecked: () => false,
      check: async () => ({ problem: null, packages: [] }),
      open: () => Promise.reject(new Error('no package')),
    }),
    deviceNamer: () => keptNames().start(),
    hostStorage: () => ({
      rescan: async () => {},
      claimRest: async () => {},
      formatBlank: async () => {},
      list: async () => ({ disks: [], datastores: [], scratch: null }),
      nfs: fakeNfs,
      problems: () => [],
    }),
    watchDevices: () => {},
    hostResources: () => ({
      apply: async () => undefined,
      refreshSwap: async () => {},
      swap: () => null,
      problems: () => [],
    }),
    readSettings: () => ({ hostname: 'esx1' }),
    setHostName: async (name) => {
      note(`host name ${name}`);
      return undefined;
    },
    hostName: () => 'esx1',
    findControllers: () => [],
    openNetwork: () => ({
      uplinks: () => ['vmnic0'],
      settings: () => fullNetwork(),
      problems: () => [],
      onAddresses: () => {},
      start: async (settings) => {
        note(`network by ${'mode' in settings ? settings.mode : 'its full form'}`);
      },
      configure: async () => undefined,
    }),
    firstLease: async () => ({
      interface: 'vmk0',
      address: '10.0.2.15',
      prefix: 24,
      router: '',
      dns: '',
    }),
    addresses6: () => [],
    hostAddresses: () => [],
    readMounts: () => '',
    agentRows: [row('lamp', { dependsOn: ['syslog'] }), row('syslog')],
    agentsPort: (files) => ({
      dead: false,
      settings: () => ({}),
      host: () => {
        throw new Error('no agent here prepares anything');
      },
      report: note,
      start: ({ name }) => {
        note(`start ${name} with ${files?.length ?? 'no'} files`);
        return {
          name,
          problem: () => undefined,
          report: () => ({ state: 'running', pid: 1, restarts: 0, lastEnd: undefined }),
          settled: Promise.resolve(),
          restart: async () => undefined,
          stop: async () => note(`stop ${name}`),
        };
      },
    }),
    showBanks: async () => {},
    memoryParts: () => [],
    settingProblems: () => [],
    coredump: () => fakeCoredump(),
    updates: () => ({ methods: {}, cancel: async () => note('cancel update') }),
    hostTls: () => ({
      methods: {},
      renew: async () => {
        note('certificate');
        return undefined;
      },
    }),
    methods: (parts) => {
      fake.parts = parts;
      return {};
    },
    confirmedMark: { isSet: () => false, set: () => {} },
    judgeBoot: async () => undefined,
    serveSocket: () => note('serve'),
    findPort: () => undefined,
    openPort: () => new Promise(() => {}),
    servePort: () => new Promise(() => {}),
    findPowerButtons: () => ['/dev/input/event0'],
    onPowerButton: (_devices, pressed) => {
      fake.pressed = pressed;
    },
    endTimeout: () => new Promise(() => {}),
    endSystem: async (how) => note(`end: ${how}`),
    ...change,
  };
  const run = (more: Partial<VmkdPorts> = {}): Promise<void> => runVmkd({ ...ports, ...more });
  return { events, journal, fake, ports, run };
}
