import type { RefusedBank } from '../bootloader/boot-journal.ts';
import type { StateReport } from './state-keeper.ts';
import type { StoreStatus } from './store-status.ts';
import type { VerifiedManifests } from './verify-manifests.ts';

/** What every host tells by `status`, a simulated one too (docs/vmkd.md); a running system adds its own members. */
export interface HostStatus {
  /** `version-build` of the bank that runs. */
  readonly build: string;
  /** Its partition; null when no loader chose one. */
  readonly bank: number | null;
  readonly state: 'starting' | 'ready' | 'stopping';
  /** What is not healthy now. */
  readonly problems: readonly string[];
  /** Banks that the loader passed over in this boot, in its order. */
  readonly refused: readonly RefusedBank[];
  readonly configuration: StateReport;
  /** Who has signed what the bank holds. */
  readonly signed: VerifiedManifests['signed'];
  /** The packages of the build that runs. */
  readonly store: StoreStatus;
}
