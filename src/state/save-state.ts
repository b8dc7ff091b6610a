import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { openFat } from '../disk/fat/volume.ts';
import { chooseState, holdsNewest, isRolledBack, newestGeneration } from './choose-state.ts';
import {
  encodeSlot,
  generationCounter,
  type SavedState,
  type SlotName,
  slotBytes,
  stateSchema,
} from './slot.ts';
import { type BankState, readBankState, type StateSlot } from './slots-of-bank.ts';

/** A bank that runs or boots next, and the other one, by their partitions. */
export interface BankPair {
  readonly bank: BlockDevice;
  /** Only ever read; undefined where there is none. */
  readonly other: BlockDevice | undefined;
  /** Makes the next reads of `bank` come from the medium, where there is a cache to get past. */
  dropCaches?(): Promise<void>;
}

export interface SaveResult {
  readonly generation: number;
  readonly slot: SlotName;
  /** False when just this was what the bank held already. */
  readonly wrote: boolean;
}

/**
 * Saves content in a bank as the newest state of both: one write in place, over the slot that the bank does
 * not start from and of two such the older or damaged one; a flush; a second look. A power cut at any
 * point leaves the state that was there or the new one, whole. Writes nothing where the bank holds the same as
 * the newest already. The caller keeps others from writing to the banks meanwhile. `schema` is that of the content.
 *
 * Throws `state.no-slot` (kind `corrupt`) for a bank without a slot that may be written over, what `check`
 * finds in a volume that is not sound (kind `corrupt`), `state.too-large` (kind `refused`), all before
 * anything is written; and `state.not-kept` (kind `io`) when the slot does not read back.
 */
export async function saveState(
  pair: BankPair,
  content: Uint8Array,
  schema = stateSchema,
): Promise<SaveResult> {
  const [own, other] = await readStates(pair);
  const held = chooseState(own, other);
  if (held && holdsNewest(own, other) && Buffer.compare(held.saved.content, content) === 0) {
    return { generation: held.saved.generation, slot: held.slot.name, wrote: false };
  }
  const generation = generationCounter.next(newestGeneration(own, other));
  const slot = slotToWrite(own, other);
  assertSound(pair.bank);
  await writeSlot(pair, slot, { generation, schema, content });
  return { generation, slot: slot.name, wrote: true };
}

/**
 * Makes a bank itself hold the state that it would start from now, newer than all else in both banks, so
 * that nothing depends on the other bank's slots any more: before that one is overwritten, and once a new
 * version has been confirmed. To be called while the other bank still has the verdict by which the choice is
 * made. What a person has rolled back stays so: a bank without a state of its own then gets an empty one.
 * `generation` is null, and nothing is written, where no state counts. Throws as {@link saveState}.
 */
export async function keepState(
  pair: BankPair,
): Promise<{ readonly wrote: boolean; readonly generation: number | null }> {
  const [own, other] = await readStates(pair);
  const held = chooseState(own, other);
  // As it is: a version that only knows an older schema can still read it.
  if (held) return saveState(pair, held.saved.content, held.saved.schema);
  const outlived = other && isRolledBack(other) && newestGeneration(other) > 0;
  if (!outlived) return { wrote: false, generation: null };
  // Loaded here, as the tables of what packs it take longer to make than all else that is done here.
  const { packState } = await import('./archive.ts');
  return saveState(pair, packState([]));
}

/**
 * Why a system may not save into the bank it runs from, by its bootstate; undefined where it may. A trial that
 * fails must leave nothing behind, nor a boot that a person made once, past the loader's rules.
 */
export function whyNotSave(bootstate: string): string | undefined {
  if (bootstate === '0') return undefined;
  return bootstate === '3'
    ? 'a bank that is INVALID saves nothing'
    : 'a trial saves nothing until it is confirmed';
}

/** What is on the medium: a cache can still have a save that was not kept. */
async function readStates(pair: BankPair): Promise<[BankState, BankState | undefined]> {
  await pair.dropCaches?.();
  return [readBankState(pair.bank), pair.other && readBankState(pair.other)];
}

/** The slot that can be lost: a power cut while it is written must not cost what the bank starts from. */
function slotToWrite(own: BankState, other: BankState | undefined): StateSlot {
  const held = chooseState(own, other)?.slot;
  const newest = newestGeneration(own, other);
  const age = ({ reading }: StateSlot): number =>
    reading.ok ? generationCounter.stepsBehind(reading.saved.generation, newest) : Number.MAX_VALUE;
  const [oldest] = own.slots.filter((slot) => slot !== held).sort((a, b) => age(b) - age(a));
  if (oldest) return oldest;
  throw new TwinbankError(
    'corrupt',
    'state.no-slot',
    `state: expected two slots of ${slotBytes} bytes in the bank, each in one piece, found ${own.slots.length}`,
  );
}

/** Where the table leads to the wrong clusters, a slot can be the place of something else. */
function assertSound(bank: BlockDevice): void {
  const broken = openFat(bank)
    .check()
    .find(({ severity }) => severity === 'error');
  if (broken) throw new TwinbankError('corrupt', broken.code, broken.message);
}

async function writeSlot(pair: BankPair, slot: StateSlot, saved: SavedState): Promise<void> {
  const { bank } = pair;
  const bytes = encodeSlot(saved);
  // Without a pause between them: a process that is ended by a signal ends before or after both.
  bank.write(slot.offset, bytes);
  bank.flush();
  await pair.dropCaches?.();
  if (Buffer.compare(bank.read(slot.offset, bytes.length), bytes) === 0) return;
  throw new TwinbankError(
    'io',
    'state.not-kept',
    `${slot.name}: expected generation ${saved.generation} to read back, found other bytes: the bank does not keep what is written to it`,
  );
}
