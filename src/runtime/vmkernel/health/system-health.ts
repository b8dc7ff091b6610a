import type { StateKeeper } from '../../../hostcore/state-keeper.ts';
import type { VerifiedManifests } from '../../../hostcore/verify-manifests.ts';
import type { LoaderVerdict } from '../../../update/verify-loader.ts';
import type { DriverReport } from '../../system/drivers.ts';
import type { Supervised } from '../../system/supervisor.ts';
import type { KernelCommandLine } from '../boot/kernel-command-line.ts';
import type { SystemSettings } from '../boot/system-settings.ts';
import type { Lease } from '../network/leases.ts';
import type { HostPackages } from '../store/host-packages.ts';
import { findProblems } from './health.ts';

export interface HealthPort {
  readonly command: KernelCommandLine;
  readonly settings: SystemSettings;
  readonly faults: ReadonlySet<string>;
  /** `/proc/mounts` */
  readMounts(): string;
  currentLeases(): readonly Lease[];
}

/** What has been started, and can fail. */
export interface HealthParts {
  readonly agents: readonly Supervised[];
  readonly drivers: DriverReport;
  readonly keeper: Pick<StateKeeper, 'report'>;
  readonly verified: VerifiedManifests | undefined;
  readonly packages: Pick<HostPackages, 'problems' | 'isUnchecked'>;
  readonly storage: { problems(): readonly string[] };
  /** As of `CoredumpService.armProblem`. */
  coredumpProblem(): string | undefined;
  /** Why nothing may be written to the bank; whatever the recipe has checked, such a boot is never confirmed. */
  bankProblem(): string | undefined;
}

/** What is wrong with the running system each time that it is asked; a trial is asked for more. */
export function systemHealth(
  { command, settings, faults, readMounts, currentLeases }: HealthPort,
  {
    agents,
    drivers,
    keeper,
    verified,
    packages,
    storage,
    coredumpProblem,
    bankProblem,
  }: HealthParts,
): (trial: boolean) => string[] {
  return (trial) => {
    const found = findProblems(settings.health, trial, {
      layers: command.layers,
      mounts: readMounts(),
      agents,
      drivers,
      leases: currentLeases(),
      stateProblem: keeper.report().problem,
      manifestProblem: verified?.problem,
      loaderProblem: verified?.loader && loaderProblem(verified.loader),
      coredumpProblem: coredumpProblem(),
      storeProblems: [
        ...packages.problems(),
        ...(packages.isUnchecked() ? ['store: its packages are still being read'] : []),
      ],
      storageProblems: storage.problems(),
    });
    const bank = bankProblem();
    if (bank !== undefined) found.unshift(bank);
    return faults.has('no-confirm') ? [...found, 'the fault no-confirm'] : found;
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
