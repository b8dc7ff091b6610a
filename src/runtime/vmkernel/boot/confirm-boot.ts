import { keepConfirmed, type StateKeeper } from '../../../hostcore/state-keeper.ts';
import { notConfirmedDetail } from '../../../protocol/bank-stage.ts';
import type { RunningBoot } from './judge-boot.ts';
import type { OpenBank } from './open-bank.ts';
import type { SystemSettings } from './system-settings.ts';

export interface ConfirmPort
  extends Pick<
    RunningBoot,
    | 'command'
    | 'clock'
    | 'console'
    | 'journal'
    | 'problems'
    | 'isStopping'
    | 'reset'
    | 'assertOnlyBank'
  > {
  readonly settings: SystemSettings;
  /** As of {@link judgeBoot}: why the boot is not confirmed, or undefined. */
  judgeBoot(boot: RunningBoot): Promise<string | undefined>;
  readonly keeper: Pick<StateKeeper, 'saveChanges' | 'keep'>;
  /** The bank is VALID: called before anything else is done. */
  onConfirmed(): void;
}

/**
 * Confirms the boot once it is healthy; the bank then holds the state that it was started from. One that ends before
 * counts as unconfirmed, however orderly. Returns why it is not confirmed, or undefined.
 */
export async function confirmBoot(
  port: ConfirmPort,
  { bank, problem }: Pick<OpenBank, 'bank' | 'problem'>,
): Promise<string | undefined> {
  const { trialSeconds } = port.settings.health;
  const why = bank
    ? await port.judgeBoot({ ...port, bank, trialSeconds }).catch(({ message }: Error) => message)
    : (problem ?? 'no loader has named a bank');
  if (why !== undefined) {
    port.console.stage('bank', notConfirmedDetail(why));
    return why;
  }
  port.onConfirmed();
  await keepConfirmed(port.keeper);
  return undefined;
}
