import type { ResourcesSettings } from '../../../state/resources-setting.ts';
import { type MachineShares, settledShares, sharePools } from './share-machine.ts';
import type { Swap } from './swap-file.ts';
import { type WorldSwapPort, worldSwap } from './world-swap.ts';

export interface HostResourcesPort extends Omit<WorldSwapPort, 'place'> {
  readonly recipe: MachineShares;
  /** What an administrator has set. */
  setting(): ResourcesSettings;
  /** Default: {@link sharePools}. */
  readonly share?: (shares: MachineShares) => Promise<readonly string[]>;
}

/** How the machine is shared, while it runs. */
export interface HostResources {
  /** Shares it as it is set to now, and sees to the swap file, which is not waited for. Returns what the kernel has not taken. */
  apply(): Promise<string | undefined>;
  /** Volumes have come or gone. */
  refreshSwap(): Promise<void>;
  swap(): Swap | null;
  problems(): string[];
}

export function hostResources(port: HostResourcesPort): HostResources {
  const { recipe, setting, share = sharePools } = port;
  const swap = worldSwap({ ...port, place: () => setting().swap });
  return {
    async apply() {
      void swap.refresh();
      const problems = await share(settledShares(recipe, setting()));
      return problems.length > 0 ? problems.join('; ') : undefined;
    },
    refreshSwap: swap.refresh,
    swap: swap.report,
    problems: swap.problems,
  };
}
