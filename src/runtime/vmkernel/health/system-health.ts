import type { StateKeeper } from '../../../hostcore/state-keeper.ts';
import type { VerifiedManifests } from '../../../hostcore/verify-manifests.ts';
import type { LoaderVerdict } from '../../../update/verify-loader.ts';
import type { DriverReport } from '../../system/drivers.ts';
import type { Supervised } from '../../system/supervisor.ts';
import type { KernelCommandLine } from '../boot/kernel-command-line.ts';
import type { ClockProblem } from '../boot/set-clock.ts';
import type { SystemSettings } from '../boot/system-settings.ts';
import type { HostAddress } from '../network/host-addresses.ts';
import type { Network } from '../network/network.ts';
import type { HostPackages } from '../store/host-packages.ts';
import type { AgentHealth } from './agent-health.ts';
import { findNews, findProblems, type HealthFacts } from './health.ts';
import { type MemoryPart, memoryProblems } from './memory-parts.ts';

export interface HealthPort {
  readonly command: KernelCommandLine;
  readonly settings: SystemSettings;
  readonly faults: ReadonlySet<string>;
  /** `/proc/mounts` */
  readMounts(): string;
  hostAddresses(): readonly HostAddress[];
  /** The parts of the file system in memory, as they are now. */
  memoryParts(): readonly MemoryPart[];
  /** What files of settings say that cannot be read. */
  settingProblems(): readonly string[];
}

/** What has been started, and can fail. */
export interface HealthParts {
  readonly agents: readonly Supervised[];
  readonly drivers: DriverReport;
  readonly keeper: Pick<StateKeeper, 'report'>;
  readonly verified: VerifiedManifests | undefined;
  readonly packages: Pick<HostPackages, 'problems' | 'isUnchecked'>;
  readonly storage: { problems(): readonly string[] };
  /** Pools, and the swap file of worlds. */
  readonly resources: { problems(): readonly string[] };
  /** As of `CoredumpService`. */
  readonly coredump: { armProblem(): string | undefined; problems(): readonly string[] };
  readonly network: Pick<Network, 'problems'>;
  readonly agentHealth: Pick<AgentHealth, 'problems'>;
  readonly clockProblem: ClockProblem;
  /** Why nothing may be written to the bank; whatever the recipe has checked, such a boot is never confirmed. */
  bankProblem(): string | undefined;
}

/** What is wrong with the running system, looked at each time that it is asked. */
export interface SystemHealth {
  /** What keeps the boot from being confirmed; a trial is asked for more. */
  blocking(trial: boolean): string[];
  /** All that a person has to know. A disk that is wrong keeps no boot from being confirmed unless the recipe says so: it is there after a fallback, too. */
  all(): string[];
}

export function systemHealth(port: HealthPort, parts: HealthParts): SystemHealth {
  const { settings, faults } = port;
  const blocking = (trial: boolean, facts: HealthFacts): string[] => {
    const found = findProblems(settings.health, trial, facts);
    const bank = parts.bankProblem();
    if (bank !== undefined) found.unshift(bank);
    return faults.has('no-confirm') ? [...found, 'the fault no-confirm'] : found;
  };
  return {
    blocking: (trial) => blocking(trial, factsOf(port, parts)),
    all: () => {
      const facts = factsOf(port, parts);
      return [...new Set([...blocking(false, facts), ...findNews(facts)])];
    },
  };
}

function factsOf(port: HealthPort, parts: HealthParts): HealthFacts {
  const { keeper, verified, packages, coredump } = parts;
  return {
    layers: port.command.layers,
    mounts: port.readMounts(),
    agents: parts.agents,
    drivers: parts.drivers,
    addresses: port.hostAddresses(),
    stateProblem: keeper.report().problem,
    manifestProblem: verified?.problem,
    loaderProblem: verified?.loader && loaderProblem(verified.loader),
    coredumpProblem: coredump.armProblem(),
    coredumpNews: coredump.problems(),
    storeProblems: packages.problems(),
    storeUnchecked: packages.isUnchecked(),
    storageProblems: parts.storage.problems(),
    networkProblems: parts.network.problems(),
    memoryProblems: [...parts.resources.problems(), ...memoryProblems(port.memoryParts())],
    settingProblems: port.settingProblems(),
    clockProblem: parts.clockProblem(),
    agentProblems: parts.agentHealth.problems(),
  };
}

/**
 * An untrusted loader ends no trial: no update changes a loader, and none that drops the key of old ones could ever be confirmed. `status` and
 * the console say that it is untrusted.
 */
function loaderProblem({ state, findings }: LoaderVerdict): string | undefined {
  if (state === 'untrusted') return undefined;
  return findings.find(({ severity }) => severity === 'error')?.message;
}
