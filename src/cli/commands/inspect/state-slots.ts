import { unlessDamaged } from '../../../bootloader/damage.ts';
import type { BlockDevice } from '../../../disk/block-device.ts';
import type { GptPartition } from '../../../disk/gpt-entry.ts';
import { partitionDevice } from '../../../disk/partition-device.ts';
import { generationCounter } from '../../../state/slot.ts';
import { readBankState } from '../../../state/slots-of-bank.ts';

/** A state slot as `inspect` gives it to programs; this form is fixed. */
export interface SlotRow {
  readonly name: string;
  /** 0: nothing was saved in it, or it cannot be read. */
  readonly generation: number;
  /** Of what is saved, packed. */
  readonly bytes: number;
  /** False when it is torn or damaged. */
  readonly ok: boolean;
}

/** The state slots of each bank of a disk, by the number of its partition. */
export function stateSlots(
  disk: BlockDevice,
  banks: readonly GptPartition[],
): ReadonlyMap<number, readonly SlotRow[]> {
  return new Map(banks.map((bank) => [bank.number, rowsOf(disk, bank)]));
}

function rowsOf(disk: BlockDevice, bank: GptPartition): SlotRow[] {
  const device = unlessDamaged(
    () => partitionDevice(disk, bank),
    () => {},
  );
  return (device ? readBankState(device).slots : []).map(({ name, reading }) => {
    if (!reading.ok) return { name, generation: 0, bytes: 0, ok: reading.empty };
    const { generation, content } = reading.saved;
    return { name, generation, bytes: content.length, ok: true };
  });
}

/** `state: generation 7, 412 bytes; state1.slt is damaged` */
export function slotLine(rows: readonly SlotRow[]): string {
  const generation = generationCounter.newest(rows.map((row) => row.generation));
  const newest = rows.find((row) => row.generation === generation);
  const what = !newest
    ? 'no slots'
    : newest.generation === 0
      ? 'none saved'
      : `generation ${newest.generation}, ${newest.bytes} bytes`;
  const damaged = rows.filter(({ ok }) => !ok).map(({ name }) => `; ${name} is damaged`);
  return `state: ${what}${damaged.join('')}`;
}
