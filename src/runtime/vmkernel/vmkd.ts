import { agentsInOrder } from './agents/agent-order.ts';
import { startAgents } from './agents/start-agents.ts';
import { confirmBoot } from './boot/confirm-boot.ts';
import { loadDrivers } from './boot/load-drivers.ts';
import { openBank } from './boot/open-bank.ts';
import { reportNoBank, reportReady } from './boot/report-ready.ts';
import { setClock } from './boot/set-clock.ts';
import { startEngine } from './boot/start-engine.ts';
import { agentHealth } from './health/agent-health.ts';
import { systemHealth } from './health/system-health.ts';
import { watchHealth } from './health/watch-health.ts';
import { keepScreen } from './management/keep-screen.ts';
import { serveMethods } from './management/serve-methods.ts';
import { certifiedAddresses } from './network/host-addresses.ts';
import { reportAddress, startNetwork } from './network/start-network.ts';
import { showOems } from './oem/show-oems.ts';
import { keepTls } from './state/host-tls.ts';
import { restoreState } from './state/restore-state.ts';
import { startStorage } from './storage/start-storage.ts';
import { verifySystem } from './update/verify-system.ts';
import type { VmkdPorts } from './vmkd-ports.ts';
import { startingState, stopSystem } from './vmkd-state.ts';

/**
 * vmkd, the one privileged daemon of the bank. Starts what the boot still lacks, in the order below, says
 * so on the console, and then answers on its socket and, in a virtual machine, on its virtio-serial port.
 * init starts it again whenever it ends; each step may therefore find itself done. Comes back when all steps
 * are over; what was started goes on.
 */
export async function runVmkd(ports: VmkdPorts): Promise<void> {
  const { clock, command, console, settings } = ports;
  const state = startingState({
    ...ports,
    bank: command.bank,
    line: console.line,
    confirmed: ports.confirmedMark.isSet(),
  });
  const isStopping = (): boolean => state.phase === 'stopping';
  const stop = (how: 'power-off' | 'reboot', why: string): void =>
    void stopSystem(state, ports, how, why);

  // 1. The engine runs: its line is the first JavaScript of the boot. The watchdogs are fed as long as this
  // process turns; a trial has to be healthy as well.
  const { reset, watchdogs, restarted } = startEngine(ports, () => state.confirmed || isStopping());
  // Whoever has set the clock since then knows better.
  const clockProblem = restarted ? () => undefined : await setClock(ports);

  // 2. Drivers for the devices found, those of OEMs first.
  const drivers = await loadDrivers(ports);

  // 3. The bank that runs: from here on what happens goes into its journal, and what an administrator changed
  // is there again, before anything reads it.
  const opened = await openBank(ports, drivers.load);
  const { bank, journal } = opened;
  state.ending.journal = journal.write;
  const keeper = await restoreState(ports, bank);
  state.ending.saveChanges = keeper.saveChanges;
  // At the start their names are saved with the boot's confirmation, as a trial saves nothing before.
  const namer = ports.deviceNamer({
    onChange: () => state.phase === 'ready' && void keeper.saveChanges(),
    report: console.line,
  });
  const storage = startStorage(
    ports,
    bank?.disk,
    journal,
    namer,
    () => void resources.refreshSwap(),
  );
  const resources = ports.hostResources({ list: storage.list, line: console.line });
  const notShared = await resources.apply();
  if (notShared !== undefined) console.line(notShared);
  showOems(ports);
  const verified = verifySystem(ports, bank);
  const packages = ports.hostPackages(bank, verified?.packages ?? []);

  const coredump = ports.coredump({
    bank,
    manifestProblem: verified?.problem,
    line: console.line,
    journal: journal.write,
    assertOnlyBank: ports.bankGuard.assert,
  });
  coredump.reportCrash();

  // 4. The network: asked for now, waited for below, as the lease takes its time.
  const network = await startNetwork(ports, ports.readSettings(), namer);

  // 5. The agents, and the interfaces by which the system is managed.
  const rows = agentsInOrder(ports.agentRows, settings.agents);
  const agents = startAgents({ ...ports.agentsPort(verified?.files), rows });
  state.stopAgents = agents.stop;
  network.network.onAddresses(agents.applyLearnt);
  const asked = agentHealth({ rows });
  const bankProblem = (): string | undefined => ports.bankGuard.problem() ?? opened.problem;
  const parts = {
    agents: agents.list,
    drivers: drivers.report,
    keeper,
    verified,
    packages,
    storage,
    resources,
    coredump,
    network: network.network,
    agentHealth: asked,
    clockProblem,
    bankProblem,
  };
  const health = systemHealth(ports, parts);
  const checkPackages = (): void =>
    void packages.check().catch(({ message }: Error) => console.line(`store: ${message}`));
  const { checks, trialChecks } = settings.health;
  const checked = [...checks, ...trialChecks];
  if (checked.includes('store')) checkPackages();
  if (checked.includes('coredump')) void coredump.arm();
  const assertOnlyBank = ports.bankGuard.assert;
  const updates = ports.updates({ bank, journal, assertOnlyBank, line: console.line, stop });
  state.ending.cancelUpdate = updates.cancel;
  const system = {
    clock,
    command,
    watchdogs,
    stop,
    drivers: drivers.report,
    interfaces: network.network.uplinks,
    configuration: keeper.report,
    signed: verified?.signed ?? [],
    loader: verified?.loader,
    phase: () => state.phase,
    problems: health.all,
    store: packages.status,
    memory: ports.memoryParts,
    swap: resources.swap,
  };
  const { trustedNetwork } = settings.firstBoot;
  const tls = ports.hostTls({
    keeper,
    names: () => ({
      hostName: ports.hostName(),
      addresses: certifiedAddresses(ports.hostAddresses(), network.network.settings()),
    }),
    onChange: () => void agents.applySettings(['tls']),
  });
  const methods = ports.methods({
    system,
    bank,
    keeper,
    rows,
    agents,
    updates,
    packages,
    storage,
    resources,
    trustedNetwork,
    tls,
    coredump,
    network: network.network,
    line: console.line,
  });
  agents.offer(methods);
  asked.begin(methods);
  const interfaces = serveMethods(ports, methods, () => stop('power-off', 'power button'));
  const names = ['vmkd', ...agents.list.map(({ name }) => name), ...interfaces];
  console.stage('agents', names.join(', '));

  // 6. A network address, or the news that there is none yet.
  await reportAddress(ports, network);
  storage.nfs.follow(ports.readSettings().nfs?.datastores ?? []);
  await keepTls(tls, console.line);

  // The screen at rest, from here on: what a person in front of the host has to know.
  const showNow = keepScreen(ports, {
    interfaces: network.network.uplinks,
    phase: () => state.phase,
    confirmed: () => state.confirmed,
    problems: health.all,
  });

  // 7. The boot is confirmed once it is healthy.
  const onConfirmed = (): void => {
    state.confirmed = true;
    ports.confirmedMark.set();
  };
  const rules = { problems: health.blocking, isStopping, reset, onConfirmed, assertOnlyBank };
  const unconfirmed = await confirmBoot({ ...ports, journal, keeper, ...rules }, opened);

  // 8. Ready, unless no disk has the bank; from here on only changes are reported.
  if (isStopping()) return;
  // Names of new devices, as a rule: what cannot be saved is said.
  if (unconfirmed !== undefined) void keeper.saveChanges();
  else await storage.claimRest();
  if (opened.problem === undefined) {
    state.phase = 'ready';
    reportReady(ports, journal, unconfirmed);
  } else {
    reportNoBank(ports, opened.problem);
  }
  showNow();
  const reported = opened.problem === undefined ? '' : health.blocking(false).join('; ');
  watchHealth({
    ...ports,
    journal,
    bank: command.bank ?? 0,
    problems: system.problems,
    reported,
    isStopping,
  });
  // What the boot did not have to wait for. A system that is not known to be good makes nothing of anybody's disks.
  if (bank) void ports.showBanks(bank).catch(({ message }: Error) => console.line(message));
  if (state.confirmed) void storage.formatBlank();
  ports.watchDevices({
    onChange: async () => {
      await drivers.load();
      await storage.rescan();
    },
    onError: (message) => console.line(`devices: ${message}`),
  });
  void coredump.arm();
  if (packages.isUnchecked()) checkPackages();
}
