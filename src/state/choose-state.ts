import { generationCounter, isKnownSchema, type SavedState } from './slot.ts';
import type { BankState, StateSlot } from './slots-of-bank.ts';

/** The slot that a bank starts from. */
export interface ChosenState {
  readonly bank: 'own' | 'other';
  readonly slot: StateSlot;
  readonly saved: SavedState;
}

/**
 * The state that a bank starts from: the newest right slot of both banks whose schema is known, so that an
 * automatic fallback loses nothing. Only where a person has rolled the other bank back (verdict R), what was
 * saved there does not count. Undefined: there is none, and everything is as the image has it. Of equal
 * generations, which no save makes, the bank's own comes first.
 */
export function chooseState(own: BankState, other?: BankState): ChosenState | undefined {
  const theirs = other && !isRolledBack(other) ? known('other', other) : [];
  const all = [...known('own', own), ...theirs];
  const newest = generationCounter.newest(all.map(({ saved }) => saved.generation));
  return all.find(({ saved }) => saved.generation === newest);
}

/** A person said that this bank was wrong, and so was what was changed while it ran. */
export function isRolledBack({ verdict }: BankState): boolean {
  return verdict === 'R';
}

/** The newest generation in these banks, of whatever schema; 0 where nothing was saved. */
export function newestGeneration(...banks: readonly (BankState | undefined)[]): number {
  return generationCounter.newest(banks.flatMap((bank) => generationsOf(bank)));
}

/** True when a bank starts from its own slot and every other slot, in either bank, is older. */
export function holdsNewest(own: BankState, other?: BankState): boolean {
  const chosen = chooseState(own, other);
  if (chosen?.bank !== 'own') return false;
  const { generation } = chosen.saved;
  const all = [...generationsOf(own), ...generationsOf(other)];
  const isOnly = all.filter((one) => one === generation).length === 1;
  return isOnly && newestGeneration(own, other) === generation;
}

/**
 * True when the newest save is of a schema that this system does not know: a later version made it, and will
 * start from it again, unless something newer is saved.
 */
export function newestIsUnknown(own: BankState, other?: BankState): boolean {
  const theirs = other && !isRolledBack(other) ? other : undefined;
  const all = [...known('own', own), ...(theirs ? known('other', theirs) : [])];
  const newest = newestGeneration(own, theirs);
  return newest !== 0 && all.every(({ saved }) => saved.generation !== newest);
}

function generationsOf(bank: BankState | undefined): number[] {
  return (bank?.slots ?? []).flatMap(({ reading }) =>
    reading.ok ? [reading.saved.generation] : [],
  );
}

function known(bank: ChosenState['bank'], { slots }: BankState): ChosenState[] {
  return slots.flatMap((slot) => {
    const { reading } = slot;
    const isKnown = reading.ok && isKnownSchema(reading.saved.schema);
    return isKnown ? [{ bank, slot, saved: reading.saved }] : [];
  });
}
