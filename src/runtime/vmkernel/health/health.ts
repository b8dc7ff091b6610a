import { readFileSync } from 'node:fs';
import type { DriverReport } from '../../system/drivers.ts';
import type { Supervised } from '../../system/supervisor.ts';
import type { CheckName, SystemSettings } from '../boot/system-settings.ts';
import type { Lease } from '../network/leases.ts';

/** What is known of the system when its health is asked for. */
export interface HealthFacts {
  /** Layers that the kernel command line names. */
  readonly layers: readonly string[];
  /** `/proc/mounts` */
  readonly mounts: string;
  readonly agents: readonly Supervised[];
  readonly drivers: DriverReport;
  readonly leases: readonly Lease[];
  /** Why a state that was found could not be restored; null when it was, or when there is none. */
  readonly stateProblem: string | null;
  /** Why the bank's manifests are not to be trusted; undefined when they are. */
  readonly manifestProblem: string | undefined;
  /** Why the loader is none that a signed manifest lists; undefined where it is, or where none lists any. */
  readonly loaderProblem: string | undefined;
  /** Why a panic would leave no core dump, in a machine that keeps memory for one; undefined where it would. */
  readonly coredumpProblem: string | undefined;
  /** What is wrong with packages of the store, or that they are still being read. */
  readonly storeProblems: readonly string[];
  /** What is wrong with disks and datastores. */
  readonly storageProblems: readonly string[];
}

/** One row a check: what is wrong, or undefined. */
const checks: Record<CheckName, (facts: HealthFacts) => string | undefined> = {
  layers: ({ layers, mounts }) => {
    const root = /^overlay \/ overlay \S*lowerdir=([^,\s]*)/m.exec(mounts)?.[1] ?? '';
    const stacked = root.split(':').map((path) => path.split('/').pop());
    const missing = layers.filter((layer) => !stacked.includes(layer));
    return missing.length > 0 ? `layers ${missing.join(', ')} are not stacked` : undefined;
  },
  agents: ({ agents }) => {
    const dead = agents.flatMap((agent) => {
      const problem = agent.problem();
      return problem === undefined ? [] : [`agent ${agent.name}: ${problem}`];
    });
    return dead.length > 0 ? dead.join('; ') : undefined;
  },
  drivers: ({ drivers }) => {
    const failed = drivers.failed.map(({ module }) => module);
    return failed.length > 0 ? `drivers ${failed.join(', ')} cannot be loaded` : undefined;
  },
  manifests: ({ manifestProblem }) =>
    manifestProblem === undefined ? undefined : `manifests: ${manifestProblem}`,
  loader: ({ loaderProblem }) => loaderProblem,
  state: ({ stateProblem }) =>
    stateProblem === null ? undefined : `state not restored: ${stateProblem}`,
  store: ({ storeProblems }) => (storeProblems.length > 0 ? storeProblems.join('; ') : undefined),
  storage: ({ storageProblems }) =>
    storageProblems.length > 0 ? storageProblems.join('; ') : undefined,
  coredump: ({ coredumpProblem }) =>
    coredumpProblem === undefined ? undefined : `core dump: ${coredumpProblem}`,
  // A link-local one says that nobody has answered.
  network: ({ leases }) =>
    leases.some(({ address }) => !address.startsWith('169.254.'))
      ? undefined
      : 'no network address',
};

/** Everything that keeps a boot from being confirmed; checks of the network count for trials only. */
export function findProblems(
  settings: SystemSettings['health'],
  trial: boolean,
  facts: HealthFacts,
): string[] {
  const names = trial ? [...settings.checks, ...settings.trialChecks] : settings.checks;
  return [...new Set(names)].flatMap((name) => checks[name](facts) ?? []);
}

/** The mounts of the running system, for {@link HealthFacts}. */
export function readMounts(): string {
  return readFileSync('/proc/mounts', 'utf8');
}
