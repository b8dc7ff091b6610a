import { packState } from '../state/archive.ts';
import { newestIsUnknown } from '../state/choose-state.ts';
import { keepState, saveState, whyNotSave } from '../state/save-state.ts';
import { filesOfSettings } from '../state/settings.ts';
import { readBankState } from '../state/slots-of-bank.ts';
import { markedBank, readMarks } from './confirm.ts';
import type { HostBanks, LiveConfiguration } from './host-port.ts';
import { digestOf, emptyMemo, memoText, restoreState, type StateMemo } from './state-memo.ts';

export interface StatePort {
  /** Undefined where no disk has the bank that runs. */
  readonly banks: HostBanks | undefined;
  readonly configuration: LiveConfiguration;
  /** Where the memo of this boot is kept: it outlives the keeper, and goes with the power. */
  readonly memo: { read(): StateMemo | undefined; write(memo: StateMemo): void };
  /** Hears what could not be done, one sentence. */
  report(why: string): void;
  /** Is over when a save has waited long enough for others that use the banks, or with the signal. */
  lockTimeout(signal: AbortSignal): Promise<void>;
}

const waitsForBoot = 'another state waits for the next boot';

/** How long a save waits for others that use the banks before it says so. */
export const defaultLockTimeoutMs = 15_000;

export type SaveAnswer =
  | { readonly saved: true; readonly generation: number }
  | { readonly saved: false; readonly why: string };

/** What `status` tells of the configuration; members as of {@link StateMemo}. */
export interface StateReport extends Omit<StateMemo, 'digest' | 'replaced'> {
  /** False when something differs from it. */
  readonly saved: boolean;
}

/** Keeps what an administrator changes: from the configuration in memory to the bank, and back at the next boot. */
export interface StateKeeper {
  /** To be called before anything reads the configuration. Returns what was found. Never throws. */
  restore(): Promise<string>;
  /** Saves what the configuration is now; never throws. */
  save(): Promise<SaveAnswer>;
  /**
   * Makes a packed state what the next boot starts from, instead of what the configuration is now; until then nothing is saved any
   * more. Never throws.
   */
  replace(content: Uint8Array): Promise<SaveAnswer>;
  /** The same where it differs from what was saved; what keeps it from being saved is reported once. */
  saveChanges(): Promise<void>;
  /** Makes the bank itself hold what it was started from, once that may be written; never throws. */
  keep(): Promise<void>;
  report(): StateReport;
}

/** What is due once the boot is confirmed: what was changed before could not be saved, and the bank is to hold its own state. */
export async function keepConfirmed(
  keeper: Pick<StateKeeper, 'saveChanges' | 'keep'>,
): Promise<void> {
  await keeper.saveChanges();
  await keeper.keep();
}

export function stateKeeper(port: StatePort): StateKeeper {
  const { banks, configuration } = port;
  const before = port.memo.read();
  let memo = before ?? emptyMemo;
  let lastReported = '';
  const digestNow = (): string => digestOf(configuration.read());
  const isSaved = (): boolean => digestNow() === memo.digest;
  const remember = (news: Partial<StateMemo>): void => {
    memo = { ...memo, ...news };
    port.memo.write(memo);
  };

  async function restore(): Promise<string> {
    if (before) return `${memoText({ ...memo, problem: null })}, restored before`;
    configuration.prepare?.();
    const found = await banks?.withPair(async (pair) => restoreState(pair, banks, configuration));
    remember(found ?? { digest: digestNow() });
    return memoText(memo);
  }

  /** The save that waits for the banks: what is changed until it has them is in it. */
  let waiting: Promise<SaveAnswer> | undefined;

  /** One write for all who ask before it begins. */
  function save(): Promise<SaveAnswer> {
    waiting ??= saveOnce(() => {
      waiting = undefined;
    });
    return waiting;
  }

  async function saveOnce(onBegin: () => void): Promise<SaveAnswer> {
    if (!banks) {
      onBegin();
      return { saved: false, why: 'no disk has the bank that runs' };
    }
    return banks.withPair(async (pair): Promise<SaveAnswer> => {
      onBegin();
      const why = whyNotSave(readMarks(markedBank(pair.bank)).bootstate);
      if (why !== undefined) return { saved: false, why };
      if (memo.replaced) return { saved: false, why: waitsForBoot };
      const now = configuration.read();
      const [problem] = now.problems;
      if (problem !== undefined) return { saved: false, why: problem };
      const files = [...filesOfSettings(now.settings), ...now.carried];
      const { generation } = await saveState(pair, packState(files));
      remember({ generation, bank: banks.number, problem: null, digest: digestOf(now) });
      return { saved: true, generation };
    });
  }

  async function replace(content: Uint8Array): Promise<SaveAnswer> {
    if (!banks) return { saved: false, why: 'no disk has the bank that runs' };
    return banks.withPair(async (pair): Promise<SaveAnswer> => {
      const why = whyNotSave(readMarks(markedBank(pair.bank)).bootstate);
      if (why !== undefined) return { saved: false, why };
      const { generation } = await saveState(pair, content);
      remember({ generation, bank: banks.number, problem: null, replaced: true });
      return { saved: true, generation };
    });
  }

  /** An update has the banks for minutes; who changes something is not kept waiting for that. */
  async function inTime(saving: Promise<SaveAnswer>): Promise<SaveAnswer> {
    const timer = new AbortController();
    const busy: SaveAnswer = { saved: false, why: 'the banks are in use; it is saved after that' };
    const timeout = port.lockTimeout(timer.signal).then(() => busy);
    timeout.catch(() => {});
    try {
      return await Promise.race([saving, timeout]);
    } catch (error) {
      return { saved: false, why: (error as Error).message };
    } finally {
      timer.abort();
    }
  }

  async function saveChanges(): Promise<void> {
    if (isSaved() || memo.replaced) return;
    const answer = await inTime(save());
    const why = answer.saved ? '' : answer.why;
    if (why !== '' && why !== lastReported) port.report(`state not saved: ${why}`);
    lastReported = why;
  }

  async function keep(): Promise<void> {
    await banks?.withPair(async (pair) => {
      if (whyNotSave(readMarks(markedBank(pair.bank)).bootstate) !== undefined) return;
      const other = pair.other && readBankState(pair.other);
      // What a later version has saved is still its newest when that is booted again.
      if (memo.replaced) return;
      if (newestIsUnknown(readBankState(pair.bank), other)) return;
      const { wrote, generation } = await keepState(pair);
      if (wrote) remember({ generation, bank: banks.number });
    });
  }

  return {
    restore: () =>
      restore().catch((error: Error) => {
        // What the configuration is now is no change: it must not take the place of what could not be found. And a vmkd that
        // is started again must not find that after all, and put it over what was changed since.
        const failed = { problem: error.message, digest: digestNow() };
        try {
          remember(failed);
        } catch {
          // The memo may be what failed.
        }
        return `none: ${error.message}`;
      }),
    save: () => inTime(save()),
    replace: (content) => inTime(replace(content)),
    saveChanges,
    keep: () => keep().catch((error: Error) => port.report(`state not kept: ${error.message}`)),
    report: () => {
      const { generation, bank, problem } = memo;
      return { generation, bank, saved: isSaved(), problem };
    },
  };
}
