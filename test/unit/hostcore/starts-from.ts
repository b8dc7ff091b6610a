import { unpackState } from '../../../src/state/archive.ts';
import { chooseState } from '../../../src/state/choose-state.ts';
import type { Settings } from '../../../src/state/setting-rows.ts';
import { settingsOfFiles } from '../../../src/state/settings.ts';
import type { BankState } from '../../../src/state/slots-of-bank.ts';

/** A bank by its number, and what it holds. */
export interface NumberedState {
  readonly number: number;
  readonly state: BankState;
}

/** What a system in bank `own` would start from now, read as the product does; undefined: from the defaults. */
export function startsFrom(
  own: NumberedState,
  other: NumberedState,
): { from: string; settings: Partial<Settings> } | undefined {
  const chosen = chooseState(own.state, other.state);
  if (!chosen) return undefined;
  const holder = chosen.bank === 'own' ? own : other;
  return {
    from: `generation ${chosen.saved.generation} of bank ${holder.number}`,
    settings: settingsOfFiles(unpackState(chosen.saved.content)),
  };
}
