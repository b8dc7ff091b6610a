import { createHash } from 'node:crypto';
import { unpackState } from '../state/archive.ts';
import { chooseState } from '../state/choose-state.ts';
import type { BankPair } from '../state/save-state.ts';
import { type SettingName, settingNames } from '../state/setting-rows.ts';
import { type Configuration, settingsOf } from '../state/settings.ts';
import { damagedSlots, readBankState } from '../state/slots-of-bank.ts';
import type { HostBanks, LiveConfiguration } from './host-port.ts';

/** What a host that has restored its state has to know for as long as it runs. */
export interface StateMemo {
  /** The save that the system was started from or has made since; null where there is none. */
  readonly generation: number | null;
  /** The bank that holds it. */
  readonly bank: number | null;
  /** Why what was found could not be restored; null when it was, or when something was saved since. */
  readonly problem: string | null;
  /** SHA-256 of what the configuration was when it was last as it is saved. */
  readonly digest: string;
  /** Another state waits for the next boot, and nothing is saved over it. */
  readonly replaced: boolean;
}

export const emptyMemo: StateMemo = {
  generation: null,
  bank: null,
  problem: null,
  digest: '',
  replaced: false,
};

/**
 * What was restored is known from the memo's being there, whatever it holds: one that cannot be read is no reason to take back
 * what was changed since, which then counts as not saved.
 */
export function parseMemo(value: unknown): StateMemo {
  if (typeof value !== 'object' || value === null) return emptyMemo;
  const { generation, bank, problem, digest, replaced } = value as Record<string, unknown>;
  const isNumber = (one: unknown): one is number | null =>
    one === null || Number.isSafeInteger(one);
  const isText = (one: unknown): one is string | null => one === null || typeof one === 'string';
  if (!isNumber(generation) || !isNumber(bank) || !isText(problem)) return emptyMemo;
  if (typeof digest !== 'string') return emptyMemo;
  return { generation, bank, problem, digest, replaced: replaced === true };
}

/**
 * Finds the state that a bank starts from and puts it into the configuration. Throws what reading a bank throws; what was found
 * and cannot be restored is the memo's problem.
 */
export function restoreState(
  pair: Pick<BankPair, 'bank' | 'other'>,
  { number, otherNumber }: Pick<HostBanks, 'number' | 'otherNumber'>,
  configuration: LiveConfiguration,
): StateMemo {
  const own = readBankState(pair.bank);
  const chosen = chooseState(own, pair.other && readBankState(pair.other));
  const found = chosen && unpack(chosen.saved.content);
  if (found) {
    configuration.write(found.settings);
    configuration.carry(found.carried);
  }
  const lost = found && lostSetting(found, configuration.read());
  const holder = chosen?.bank === 'own' ? number : chosen && otherNumber;
  return {
    generation: chosen?.saved.generation ?? null,
    bank: holder ?? null,
    problem: (chosen ? (found?.problems[0] ?? lost) : damagedSlots(own)) ?? null,
    digest: digestOf(configuration.read()),
    replaced: false,
  };
}

/** A setting that is not what was written, as one of a local user whose name the system itself has by now. */
function lostSetting(written: Configuration, read: Configuration): string | undefined {
  const textOf = (one: Configuration, name: SettingName): string =>
    JSON.stringify(one.settings[name]) ?? '';
  const lost = settingNames.find((name) => {
    const wanted = textOf(written, name);
    return wanted !== '' && wanted !== textOf(read, name);
  });
  return lost && `${lost}: expected what was saved to be there again, found something else`;
}

/** What the line of the stage says of what was restored. */
export function memoText({
  generation,
  bank,
  problem,
}: Pick<StateMemo, 'generation' | 'bank' | 'problem'>): string {
  const name = generation === null ? 'none' : `generation ${generation} of bank ${bank ?? '-'}`;
  return problem === null ? name : `${name}: ${problem}`;
}

export function digestOf({ settings, problems, carried }: Configuration): string {
  const hash = createHash('sha256').update(JSON.stringify({ settings, problems }));
  for (const { path, bytes } of carried) hash.update(`\n${path} ${bytes.length}\n`).update(bytes);
  return hash.digest('hex');
}

function unpack(content: Uint8Array): Configuration {
  try {
    return settingsOf(unpackState(content));
  } catch (error) {
    return { settings: {}, carried: [], problems: [(error as Error).message] };
  }
}
