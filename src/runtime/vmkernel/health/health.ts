import { readFileSync } from 'node:fs';
import { settingRows } from '../../../state/setting-rows.ts';
import type { DriverReport } from '../../system/drivers.ts';
import type { Supervised } from '../../system/supervisor.ts';
import type { CheckName, SystemSettings } from '../boot/system-settings.ts';
import { type HostAddress, isLinkLocal } from '../network/host-addresses.ts';
import type { AgentProblem } from './agent-health.ts';

/** What is known of the system when its health is asked for. */
export interface HealthFacts {
  /** Layers that the kernel command line names. */
  readonly layers: readonly string[];
  /** `/proc/mounts` */
  readonly mounts: string;
  readonly agents: readonly Supervised[];
  readonly drivers: DriverReport;
  /** Of both families. */
  readonly addresses: readonly Pick<HostAddress, 'address'>[];
  /** Why a state that was found could not be restored; null when it was, or when there is none. */
  readonly stateProblem: string | null;
  /** Why the bank's manifests are not to be trusted; undefined when they are. */
  readonly manifestProblem: string | undefined;
  /** Why the loader is none that a signed manifest lists; undefined where it is, or where none lists any. */
  readonly loaderProblem: string | undefined;
  /** Why a panic would leave no core dump, in a machine that keeps memory for one; undefined where it would. */
  readonly coredumpProblem: string | undefined;
  /** The same once that is known, and a dump that waits. */
  readonly coredumpNews: readonly string[];
  /** What is wrong with packages of the store. */
  readonly storeProblems: readonly string[];
  /** Its packages are still being read. */
  readonly storeUnchecked: boolean;
  /** What is wrong with disks and datastores. */
  readonly storageProblems: readonly string[];
  /** What the settings of the network want and cannot have. */
  readonly networkProblems: readonly string[];
  /** Parts of the file system in memory that are full; a swap file that cannot be used. */
  readonly memoryProblems: readonly string[];
  /** What files of settings say that cannot be read. */
  readonly settingProblems: readonly string[];
  /** Why the clock cannot be right, by itself. */
  readonly clockProblem: string | undefined;
  readonly agentProblems: readonly AgentProblem[];
}

/** One row a check, each with what is wrong, a sentence each. */
interface HealthCheck {
  /** What keeps a boot that is asked for this from being confirmed. */
  blocks(facts: HealthFacts): readonly string[];
  /** What people are told though no boot is asked for it. Default: nothing. */
  shown?(facts: HealthFacts): readonly string[];
}

const both = (problems: (facts: HealthFacts) => readonly string[]): Required<HealthCheck> => ({
  blocks: problems,
  shown: problems,
});

const saidBy =
  (check: CheckName, isAll: boolean) =>
  ({ agentProblems }: HealthFacts): string[] =>
    agentProblems
      .filter((one) => one.check === check && (isAll || one.lasts))
      .map(({ why }) => why);

const oneOf = (problem: string | undefined): string[] => (problem === undefined ? [] : [problem]);

const checks: Record<CheckName, HealthCheck> = {
  layers: {
    blocks: ({ layers, mounts }) => {
      const root = /^overlay \/ overlay \S*lowerdir=([^,\s]*)/m.exec(mounts)?.[1] ?? '';
      const stacked = root.split(':').map((path) => path.split('/').pop());
      const missing = layers.filter((layer) => !stacked.includes(layer));
      return missing.length > 0 ? [`layers ${missing.join(', ')} are not stacked`] : [];
    },
  },
  agents: {
    blocks: ({ agents }) =>
      agents.flatMap((agent) =>
        oneOf(agent.problem()).map((problem) => `agent ${agent.name}: ${problem}`),
      ),
  },
  drivers: {
    blocks: ({ drivers }) => {
      const failed = drivers.failed.map(({ module }) => module);
      return failed.length > 0 ? [`drivers ${failed.join(', ')} cannot be loaded`] : [];
    },
  },
  manifests: {
    blocks: ({ manifestProblem }) => oneOf(manifestProblem && `manifests: ${manifestProblem}`),
  },
  loader: { blocks: ({ loaderProblem }) => oneOf(loaderProblem) },
  state: {
    blocks: ({ stateProblem, settingProblems }) => [
      ...(stateProblem === null ? [] : [`state not restored: ${stateProblem}`]),
      ...settingProblems.filter((one) => !isOfUsers(one)).map((one) => `settings: ${one}`),
    ],
  },
  users: both(({ settingProblems }) =>
    settingProblems.filter(isOfUsers).map((one) => `users: ${one}`),
  ),
  store: {
    blocks: ({ storeProblems, storeUnchecked }) => [
      ...storeProblems,
      ...(storeUnchecked ? ['store: its packages are still being read'] : []),
    ],
    shown: ({ storeProblems }) => storeProblems,
  },
  storage: both(({ storageProblems }) => storageProblems),
  memory: both(({ memoryProblems }) => memoryProblems),
  coredump: {
    blocks: ({ coredumpProblem }) => oneOf(coredumpProblem && `core dump: ${coredumpProblem}`),
    shown: ({ coredumpNews }) => coredumpNews,
  },
  network: {
    // A link-local one says that nobody has answered.
    blocks: ({ addresses }) =>
      addresses.some((one) => !isLinkLocal(one)) ? [] : ['no network address'],
    shown: ({ networkProblems }) => networkProblems.map((one) => `network: ${one}`),
  },
  time: {
    blocks: (facts) => [...oneOf(facts.clockProblem), ...saidBy('time', true)(facts)],
    shown: (facts) => [...oneOf(facts.clockProblem), ...saidBy('time', false)(facts)],
  },
  log: { blocks: saidBy('log', true), shown: saidBy('log', false) },
};

const settingsOfUsers = ['rootPasswordHash', 'accounts', 'security', 'authorization'] as const;
const placesOfUsers = settingsOfUsers.flatMap((name) => [
  name,
  ...Object.keys(settingRows[name].files),
]);

/** A sentence about a setting begins with its name, or with the path of its file. */
function isOfUsers(problem: string): boolean {
  return placesOfUsers.some((place) => new RegExp(`^${place}\\b`).test(problem));
}

/** Everything that keeps a boot from being confirmed; checks of the network count for trials only. */
export function findProblems(
  settings: SystemSettings['health'],
  trial: boolean,
  facts: HealthFacts,
): string[] {
  const names = trial ? [...settings.checks, ...settings.trialChecks] : settings.checks;
  return [...new Set(names)].flatMap((name) => checks[name].blocks(facts));
}

/** What people are told beside that, whatever the recipe asks a boot for. */
export function findNews(facts: HealthFacts): string[] {
  return Object.values(checks).flatMap(({ shown }) => shown?.(facts) ?? []);
}

/** The mounts of the running system, for {@link HealthFacts}. */
export function readMounts(): string {
  return readFileSync('/proc/mounts', 'utf8');
}
