import { readFileSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { openFileDevice } from '../../disk/file-device.ts';
import { deviceNamer } from '../../hostcore/device-namer.ts';
import { agents } from '../agents/registry.ts';
import { takeOverGroup } from '../system/cgroup.ts';
import { systemClock } from '../system/clock.ts';
import { systemConsole } from '../system/console.ts';
import { findControllers } from '../system/controllers.ts';
import { bankDrivers } from '../system/drivers.ts';
import { endSystem, findPowerButtons, onPowerButton, resetNow } from '../system/power.ts';
import { runHelper } from '../system/run-helper.ts';
import { textOf } from '../system/sys-files.ts';
import { serveUnixSocket } from '../system/unix-socket.ts';
import { findVirtioPort, openVirtioPort, serveVirtioPort } from '../system/virtio-port.ts';
import { watchDevices } from '../system/watch-devices.ts';
import { feedWatchdogs } from '../system/watchdog.ts';
import { agentHost } from './agents/agent-host.ts';
import { bankGuard } from './boot/bank-guard.ts';
import { bankFolders, bankMounts } from './boot/bank-mounts.ts';
import { withBankLock } from './boot/bank-pair.ts';
import { otherBank, partitionByName, waitForPartition } from './boot/bank-partition.ts';
import { confirmedMark } from './boot/confirmed-mark.ts';
import { faultsFor } from './boot/faults.ts';
import { openStoreJournal } from './boot/journal.ts';
import { judgeBoot } from './boot/judge-boot.ts';
import { parseKernelCommandLine } from './boot/kernel-command-line.ts';
import { systemTime } from './boot/set-clock.ts';
import { readSystemSettings } from './boot/system-settings.ts';
import { systemCoredump } from './coredump/system-coredump.ts';
import { readMounts } from './health/health.ts';
import { memoryParts } from './health/memory-parts.ts';
import { vmkdMethods, vmkdUpdates } from './methods.ts';
import { addresses6, hostAddresses } from './network/host-addresses.ts';
import { setHostName } from './network/host-name.ts';
import { kernelNetwork } from './network/kernel-network.ts';
import { firstLease, learntTimeServers } from './network/leases.ts';
import { openNetwork } from './network/network.ts';
import { oemLines, oemLoads, oemLogos } from './oem/oem-facts.ts';
import { addOemModules } from './oem/oem-modules.ts';
import { hostResources } from './resources/host-resources.ts';
import { settledShares, shareMachine } from './resources/share-machine.ts';
import { leaveSwap } from './resources/swap-file.ts';
import { readConfiguration } from './state/configuration.ts';
import { effectiveSettings } from './state/effective-settings.ts';
import { fileConfiguration, hostState } from './state/host-state.ts';
import { hostTls } from './state/host-tls.ts';
import { hostStorage } from './storage/host-storage.ts';
import { volumes } from './storage/mounts.ts';
import { hostPackages } from './store/host-packages.ts';
import { packageFolder } from './store/package-folder.ts';
import { verifyRunningBank } from './update/update-places.ts';
import { runVmkd } from './vmkd.ts';

/** The process of vmkd: its steps (vmkd.ts) with the running system around them. */
const clock = systemClock();
const console = systemConsole(clock);
const command = parseKernelCommandLine(readFileSync('/proc/cmdline', 'utf8'));
const settings = readSystemSettings();
const readSwaps = (): string => textOf('/proc/swaps');
const swapFiles = { run: runHelper, readSwaps };
const resourcesSetting = () => readConfiguration().settings.resources ?? {};
const faults = faultsFor(command.bank);
const guard = bankGuard(command);
const mounts = bankMounts({ readMounts, report: console.line });
/** A disk that is on USB comes seconds after its bus has a driver. */
const bankTimeoutMs = 30_000;
const endTimeoutMs = 20_000;

// From init, which ends everything. A handler runs between two turns of the event loop, and so never
// between the write of a bank's sector and its flush.
process.once('SIGTERM', () => process.exit(0));

await runVmkd({
  clock,
  console,
  command,
  faults,
  settings,
  engine: process.versions.node,
  time: systemTime(readFileSync('/proc/version', 'utf8')),
  takeOverGroup: () => takeOverGroup(),
  // A vmkd that is started again finds what is set.
  shareMachine: (shares) => shareMachine(settledShares(shares, resourcesSetting())),
  feedWatchdogs,
  resetNow,
  addOemModules: () => void addOemModules(release()),
  oemLoads,
  oemLogos,
  oemLines,
  bankDrivers,
  bankGuard: guard,
  async findBank(guid, again) {
    const bank = await waitForPartition(guid, bankTimeoutMs, again);
    guard.assert();
    return bank;
  },
  openJournal(bank) {
    const store = bank && partitionByName(bank.disk, 'store');
    return openStoreJournal(store, Date.now, guard.assert);
  },
  stateKeeper: (bank) =>
    hostState({
      ...{ bank, other: bank && otherBank(bank) },
      report: console.line,
      assertOnlyBank: guard.assert,
      onClosed: mounts.refresh,
    }),
  verifyBank: verifyRunningBank,
  hostPackages: (bank, packages) => {
    const store = bank && partitionByName(bank.disk, 'store');
    return hostPackages({
      build: command.build,
      packages,
      withBankLock,
      openStore: () => (store === undefined ? undefined : openFileDevice(store)),
      folder: packageFolder({ readMounts }),
    });
  },
  deviceNamer: (port) => deviceNamer({ configuration: fileConfiguration(), ...port }),
  // What worlds have in a swap file there is taken back first.
  hostStorage: hostStorage(readMounts, readSwaps, (path) => leaveSwap(swapFiles, path)),
  hostResources: (storage) =>
    hostResources({
      ...storage,
      recipe: settings.resources,
      setting: resourcesSetting,
      ...swapFiles,
      room: volumes(runHelper, readMounts).room,
    }),
  watchDevices,
  coredump: systemCoredump,
  readSettings: () => readConfiguration().settings,
  setHostName,
  hostName: hostname,
  findControllers,
  openNetwork: (port) => openNetwork({ kernel: kernelNetwork, ...port }),
  firstLease,
  addresses6,
  hostAddresses,
  agentRows: agents,
  agentsPort: (files) => ({
    dead: faults.has('agent-dead'),
    settings: () => ({
      ...effectiveSettings(),
      learnt: { timeServers: learntTimeServers() },
    }),
    host: (agent, report, onGrant) => agentHost({ agent, files, report, onGrant }),
    report: console.log,
  }),
  readMounts,
  memoryParts: () => memoryParts(readMounts()),
  settingProblems: () => readConfiguration().problems,
  confirmedMark: confirmedMark(console.line),
  judgeBoot,
  updates: (port) =>
    vmkdUpdates({
      ...port,
      withBankLock: (work) => withBankLock(() => mounts.without(work)),
    }),
  showBanks: (bank) =>
    withBankLock(() => {
      const store = partitionByName(bank.disk, 'store');
      return mounts.show(bankFolders(bank.device, otherBank(bank)?.device, store));
    }),
  methods: vmkdMethods,
  hostTls,
  serveSocket: (methods, failed) => serveUnixSocket('/run/twinbank/vmkd.sock', methods, failed),
  findPort: findVirtioPort,
  openPort: openVirtioPort,
  servePort: serveVirtioPort,
  findPowerButtons,
  onPowerButton,
  endTimeout: () => pause(endTimeoutMs),
  endSystem,
});
