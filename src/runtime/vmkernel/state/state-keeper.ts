import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { packState, unpackState } from '../../../state/archive.ts';
import { type ChosenState, chooseState, newestIsUnknown } from '../../../state/choose-state.ts';
import { type BankPair, keepState, saveState, whyNotSave } from '../../../state/save-state.ts';
import { type Configuration, filesOfSettings, settingsOf } from '../../../state/settings.ts';
import { damagedSlots, readBankState } from '../../../state/slots-of-bank.ts';
import { withBankLock } from '../boot/bank-lock.ts';
import { type BankPlace, withBankPair } from '../boot/bank-pair.ts';
import { readMarks } from '../boot/running-bank.ts';
import { protectShadow, readConfiguration, writeConfiguration } from './configuration.ts';

export interface StateKeeperOptions {
  /** The bank that runs, and the other one; undefined where no disk has it. */
  readonly bank: BankPlace | undefined;
  readonly other: BankPlace | undefined;
  /** Hears what could not be done, one sentence. */
  tell(why: string): void;
  /** Where the files of the running system are; default `/`. */
  readonly root?: string;
  /** A file with what a vmkd that is started again has to know; it goes with the power. */
  readonly memo?: string;
  /** As of `confirmRunningBank`. */
  readonly dropCaches?: (path: string) => Promise<void>;
  /** How long a save waits for others that use the banks before it says so; default 15 s. */
  readonly patienceMs?: number;
}

export type SaveAnswer =
  | { readonly saved: true; readonly generation: number }
  | { readonly saved: false; readonly why: string };

/** What `status` tells of the configuration. */
export interface StateReport {
  /** The save that the system was started from or has made since; null where there is none. */
  readonly generation: number | null;
  /** The bank that holds it. */
  readonly bank: number | null;
  /** False when something differs from it. */
  readonly saved: boolean;
  /** Why what was found could not be restored; null when it was, or when something was saved since. */
  readonly problem: string | null;
}

/** Keeps what an administrator changes: from the files in memory to the bank, and back at the next boot. */
export interface StateKeeper {
  /** To be called before anything reads the files. Returns what was found. Never throws. */
  restore(): Promise<string>;
  /** Saves what the files say now; never throws. */
  save(): Promise<SaveAnswer>;
  /** The same where they differ from what was saved; what keeps it from being saved is told once. */
  saveChanges(): Promise<void>;
  /** Makes the bank itself hold what it was started from, once that may be written; never throws. */
  keep(): Promise<void>;
  report(): StateReport;
}

interface Memo {
  readonly generation: number | null;
  readonly bank: number | null;
  readonly problem: string | null;
  /** SHA-256 of what the files said when they were last as they are saved. */
  readonly digest: string;
}

export function stateKeeper(options: StateKeeperOptions): StateKeeper {
  const { bank, other, tell, root = '/', memo: memoFile = '/run/twinbank/state.json' } = options;
  let memo: Memo = { generation: null, bank: null, problem: null, digest: '' };
  let told = '';
  const digestNow = (): string => digestOf(readConfiguration(root));
  const isSaved = (): boolean => digestNow() === memo.digest;
  const remember = (news: Partial<Memo>): void => {
    memo = { ...memo, ...news };
    writeFileSync(memoFile, JSON.stringify(memo));
  };
  const pair = <T>(running: BankPlace, use: (banks: BankPair) => Promise<T>): Promise<T> =>
    withBankLock(() => withBankPair({ ...options, bank: running }, use));

  async function find(): Promise<{ chosen?: ChosenState; problem?: string }> {
    if (!bank) return {};
    return pair(bank, async (banks) => {
      const own = readBankState(banks.bank);
      const theirs = banks.other && readBankState(banks.other);
      const chosen = chooseState(own, theirs);
      if (chosen) return { chosen };
      const problem = damagedSlots(own);
      return problem === undefined ? {} : { problem };
    });
  }

  async function restore(): Promise<string> {
    if (existsSync(memoFile)) {
      memo = JSON.parse(readFileSync(memoFile, 'utf8')) as Memo;
      return `${nameOf(memo)}, restored before`;
    }
    protectShadow(root);
    const { chosen, problem } = await find();
    const found = chosen && unpack(chosen.saved.content);
    if (found) writeConfiguration(found.settings, root);
    remember({
      generation: chosen?.saved.generation ?? null,
      bank: (chosen?.bank === 'own' ? bank : chosen && other)?.number ?? null,
      problem: problem ?? found?.problems[0] ?? null,
      digest: digestNow(),
    });
    return memo.problem === null ? nameOf(memo) : `${nameOf(memo)}: ${memo.problem}`;
  }

  async function save(): Promise<SaveAnswer> {
    if (!bank) return { saved: false, why: 'no disk has the bank that runs' };
    return pair(bank, async (banks): Promise<SaveAnswer> => {
      const why = whyNotSave(readMarks(bank.device).bootstate);
      if (why !== undefined) return { saved: false, why };
      const configuration = readConfiguration(root);
      const [problem] = configuration.problems;
      if (problem !== undefined) return { saved: false, why: problem };
      const content = packState(filesOfSettings(configuration.settings));
      const { generation } = await saveState(banks, content);
      const digest = digestOf(configuration);
      remember({ generation, bank: bank.number, problem: null, digest });
      return { saved: true, generation };
    });
  }
  /** An update has the banks for minutes; who changes something is not kept waiting for that. */
  async function trySave(): Promise<SaveAnswer> {
    const timer = new AbortController();
    const busy: SaveAnswer = { saved: false, why: 'the banks are in use; it is saved after that' };
    const late = pause(options.patienceMs ?? 15_000, busy, { signal: timer.signal });
    late.catch(() => {});
    try {
      return await Promise.race([save(), late]);
    } catch (error) {
      return { saved: false, why: (error as Error).message };
    } finally {
      timer.abort();
    }
  }

  async function keep(): Promise<void> {
    if (!bank) return;
    await pair(bank, async (banks) => {
      if (whyNotSave(readMarks(bank.device).bootstate) !== undefined) return;
      const theirs = banks.other && readBankState(banks.other);
      // What a later version has saved is still its newest when that is booted again.
      if (newestIsUnknown(readBankState(banks.bank), theirs)) return;
      const { wrote, generation } = await keepState(banks);
      if (wrote) remember({ generation, bank: bank.number });
    });
  }

  return {
    restore: () =>
      restore().catch((error: Error) => {
        // What the files say now is no change: it must not take the place of what could not be found.
        memo = { ...memo, problem: error.message, digest: digestNow() };
        return `none: ${error.message}`;
      }),
    save: trySave,
    saveChanges: async () => {
      if (isSaved()) return;
      const answer = await trySave();
      const why = answer.saved ? '' : answer.why;
      if (why !== '' && why !== told) tell(`state not saved: ${why}`);
      told = why;
    },
    keep: () => keep().catch((error: Error) => tell(`state not kept: ${error.message}`)),
    report: () => {
      const { generation, bank: holder, problem } = memo;
      return { generation, bank: holder, saved: isSaved(), problem };
    },
  };
}

function unpack(content: Uint8Array): Configuration {
  try {
    return settingsOf(unpackState(content));
  } catch (error) {
    return { settings: {}, problems: [(error as Error).message] };
  }
}

function nameOf({ generation, bank }: Memo): string {
  return generation === null ? 'none' : `generation ${generation} of bank ${bank ?? '-'}`;
}

function digestOf(configuration: Configuration): string {
  return createHash('sha256').update(JSON.stringify(configuration)).digest('hex');
}
