import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { endingHost, prepareEnd } from '../../hostcore/end-host.ts';
import type { Ending } from '../../hostcore/host-port.ts';
import type { Appliers } from '../../hostcore/settings-service.ts';
import { isDevelopmentKey } from '../../update/signing/key.ts';
import { agents as agentRows } from '../agents/registry.ts';
import { takeOverGroup } from '../system/cgroup.ts';
import { systemClock } from '../system/clock.ts';
import { systemConsole } from '../system/console.ts';
import { bankDrivers } from '../system/drivers.ts';
import { endSystem, findPowerButtons, onPowerButton, resetNow } from '../system/power.ts';
import { serveUnixSocket } from '../system/unix-socket.ts';
import { findVirtioPort, openVirtioPort, serveVirtioPort } from '../system/virtio-port.ts';
import { feedWatchdogs } from '../system/watchdog.ts';
import { agentHost } from './agents/agent-host.ts';
import { agentsInOrder } from './agents/agent-order.ts';
import { forwardMethods } from './agents/forward-methods.ts';
import { startAgents, withRestarts } from './agents/start-agents.ts';
import { otherBank, partitionByName, waitForPartition } from './boot/bank-partition.ts';
import { faultsFor } from './boot/faults.ts';
import { openStoreJournal } from './boot/journal.ts';
import { judgeBoot } from './boot/judge-boot.ts';
import { parseKernelCommandLine } from './boot/kernel-command-line.ts';
import { readSystemSettings } from './boot/system-settings.ts';
import { findProblems, readMounts, watchHealth } from './health/health.ts';
import { vmkdMethods } from './methods.ts';
import {
  currentLeases,
  findInterfaces,
  firstLease,
  openNetwork,
  setHostName,
} from './network/network.ts';
import { oemLines, oemLoads, oemLogos } from './oem/oem-facts.ts';
import { addOemModules } from './oem/oem-modules.ts';
import { readConfiguration } from './state/configuration.ts';
import { effectiveSettings } from './state/effective-settings.ts';
import { hostSettings, hostState } from './state/host-state.ts';
import { hostCollectors } from './support/collectors.ts';
import { supportMethods } from './support/support-service.ts';
import { hostUpdates } from './update/host-updates.ts';
import { updatePlaces, verifyRunningBank } from './update/update-places.ts';

/**
 * vmkd, the one privileged daemon of the bank. Starts what the boot still lacks, in the order below, says
 * so on the console, and then answers on its socket and, in a virtual machine, on its virtio-serial port.
 * init starts it again whenever it ends; each step may therefore find itself done.
 */
const clock = systemClock();
const console = systemConsole(clock);
const command = parseKernelCommandLine(readFileSync('/proc/cmdline', 'utf8'));

/** What {@link judgeBoot} has after a trial's time to say why it failed. */
const graceSeconds = 15;
/** What may be lost of changes that were made past vmkd, by an editor in a shell. */
const stateIntervalMs = 3_600_000;
const lastSaveMs = 20_000;
const settings = readSystemSettings();
const ending = endingHost({
  bank: command.bank ?? 0,
  line: console.line,
  saveTimeout: () => pause(lastSaveMs),
});

let phase: 'starting' | 'ready' | 'stopping' = 'starting';
function stop(how: Ending, why: string): void {
  if (phase === 'stopping') return;
  phase = 'stopping';
  void prepareEnd(ending, how, why).then(() => endSystem(how));
}

// From init, which ends everything. A handler runs between two turns of the event loop, and so never
// between the write of a bank's sector and its flush.
process.once('SIGTERM', () => process.exit(0));

// 1. The engine runs: this line is the first JavaScript of the boot. The watchdogs are fed as long as this
// process turns; a trial has to be healthy as well.
const restarted = takeOverGroup();
console.stage('engine', `Node ${process.versions.node}${restarted ? ', vmkd started again' : ''}`);

const watchdog = feedWatchdogs(settings.health.watchdogSeconds, { atOnce: !restarted });
const faults = faultsFor(command.bank);
const reset = (why: string): Promise<never> => {
  watchdog.starve();
  console.event({ type: 'resetting', why });
  return resetNow();
};
// A trial that gets stuck on its way, or whose bank cannot be found or written, ends all the same.
let confirmed = false;
if (command.trial) {
  const left = settings.health.trialSeconds + graceSeconds - clock.sinceKernel();
  setTimeout(() => {
    if (!confirmed && phase !== 'stopping') void reset('the trial was not confirmed in its time');
  }, Math.max(left, 0) * 1000);
}

// 2. Drivers for the devices found, those of OEMs first.
addOemModules(release());
const drivers = bankDrivers();
await drivers.load();
await drivers.loadNamed(oemLoads());
console.stage('drivers', `${drivers.report.loaded.length} for ${drivers.report.devices} devices`);
for (const { module, reason } of drivers.report.failed) console.line(`driver ${module}: ${reason}`);

// 3. The bank that runs: from here on what happens goes into its journal, and what an administrator changed
// is there again, before anything reads it.
const guid = command.partitionGuid;
const bank = guid ? await waitForPartition(guid, 30_000, drivers.load) : undefined;
const journal = openStoreJournal(bank && partitionByName(bank.disk, 'store'), Date.now);
if (journal.problem) console.line(`boot journal: ${journal.problem}`);
ending.journal = journal.write;
const keeper = hostState({ bank, other: bank && otherBank(bank), report: console.line });
console.stage('state', await keeper.restore());
for (const { lines, color } of oemLogos()) console.picture(lines, color);
for (const line of oemLines()) console.line(line);
ending.saveChanges = keeper.saveChanges;
setInterval(() => void keeper.saveChanges(), stateIntervalMs);
const verified = bank && verifyRunningBank(bank);
for (const { origin, keyIds } of verified?.signed ?? []) {
  if (!keyIds.some(isDevelopmentKey)) continue;
  console.line(`${origin} is signed with the development key, which everybody has: for tests only`);
}
const { settings: configured } = readConfiguration();
if (configured.hostname) await setHostName(configured.hostname);

// 4. The network: asked for now, waited for at the end, as the lease takes its time.
const interfaces = findInterfaces();
const network = openNetwork(interfaces);
const wrong = await network
  .configure(configured.network ?? { mode: 'dhcp' })
  .catch((error: Error) => error.message);
if (wrong !== undefined) console.line(`network: ${wrong}`);
const lease = interfaces.length > 0 ? firstLease(15_000) : Promise.resolve(undefined);

// 5. The agents, and the interfaces by which the system is managed.
const rows = agentsInOrder(agentRows, settings.agents);
const agents = startAgents({
  rows,
  dead: faults.has('agent-dead'),
  settings: effectiveSettings,
  host: (agent, report) => agentHost({ agent, files: verified?.files, report }),
  report: console.log,
});
const problems = (trial: boolean): string[] => {
  const found = findProblems(settings.health, trial, {
    layers: command.layers,
    mounts: readMounts(),
    agents: agents.list,
    drivers: drivers.report,
    leases: currentLeases(),
    stateProblem: keeper.report().problem,
    manifestProblem: verified?.problem,
  });
  return faults.has('no-confirm') ? [...found, 'the fault no-confirm'] : found;
};
const appliers: Appliers = {
  hostname: setHostName,
  network: network.configure,
};
const updates = hostUpdates({
  places: () => bank && updatePlaces(bank),
  journal: journal.write,
  line: console.line,
  end: (how, why) => void setTimeout(() => stop(how, why), 100),
});
ending.cancelUpdate = updates.cancel;
const known = {
  ...vmkdMethods({
    clock,
    command,
    drivers: drivers.report,
    interfaces,
    phase: () => phase,
    problems: () => problems(false),
    configuration: keeper.report,
    signed: verified?.signed ?? [],
    watchdogs: watchdog.devices,
    stop,
  }),
  ...hostSettings({ keeper, appliers: withRestarts(appliers, agents), interfaces }),
  ...updates.methods,
  ...forwardMethods(rows),
};
const support = supportMethods({ collectors: () => hostCollectors(known, rows, bank) });
const methods = { ...known, ...support };
serveUnixSocket('/run/twinbank/vmkd.sock', methods, (error) =>
  console.line(`management socket: ${error.message}`),
);
const port = findVirtioPort();
if (port) {
  openVirtioPort(port)
    .then((opened) => serveVirtioPort(opened, methods))
    .catch((error: Error) => console.line(`virtio-serial port: ${error.message}`));
}
const buttons = findPowerButtons();
onPowerButton(buttons, () => stop('power-off', 'power button'));
console.stage(
  'agents',
  `${['vmkd', ...agents.list.map(({ name }) => name)].join(', ')}${port ? ', virtio-serial port' : ''}${buttons.length ? ', power button' : ''}`,
);

// 6. Network address, or the news that there is none yet.
const first = await lease;
console.stage(
  'network',
  first
    ? `${first.interface} ${first.address}/${first.prefix}`
    : `no address on ${interfaces.length} interfaces`,
);

// 7. The boot is confirmed once it is healthy, and the bank then holds the state that it was started from.
// One that ends before counts as unconfirmed, however orderly.
const unconfirmed = bank
  ? await judgeBoot({
      bank,
      command,
      clock,
      console,
      journal,
      trialSeconds: settings.health.trialSeconds,
      problems,
      isStopping: () => phase === 'stopping',
      reset,
    }).catch((error: Error) => error.message)
  : 'no disk has the partition that the loader named';
confirmed = unconfirmed === undefined;
if (unconfirmed !== undefined) console.stage('bank', `not confirmed: ${unconfirmed}`);
else {
  await keeper.saveChanges();
  await keeper.keep();
}

// 8. Ready; from here on only changes are told.
if (phase === 'starting') {
  phase = 'ready';
  const number = command.bank ?? 0;
  const why = unconfirmed === undefined ? {} : { why: unconfirmed };
  const stages = console.stages();
  journal.write({ event: 'ready', bank: number, confirmed, ...why, stages });
  const { build, bank = null } = command;
  console.event({ type: 'ready', build, bank, boot: clock.sincePowerOn() });
  watchHealth(() => problems(false), {
    changed: (why) => {
      console.event(why === '' ? { type: 'healthy-again' } : { type: 'fell-ill', why });
      if (why !== '') journal.write({ event: 'unhealthy', bank: number, why });
    },
  });
}
