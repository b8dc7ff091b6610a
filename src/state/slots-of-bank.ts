import { readBootCfg } from '../bootloader/boot-cfg.ts';
import { unlessDamaged } from '../bootloader/damage.ts';
import type { Verdict } from '../bootloader/rules.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import { decodeSlot, type SlotName, type SlotReading, slotBytes, slotNames } from './slot.ts';

/** A slot as it is on the disk now. */
export interface StateSlot {
  readonly name: SlotName;
  /** Of its first byte in the bank's partition. */
  readonly offset: number;
  readonly reading: SlotReading;
}

/** What there is to know of a bank to say which state counts. */
export interface BankState {
  /** Of boot.cfg; undefined where that is missing or malformed. */
  readonly verdict: Verdict | undefined;
  /** Those that can be read and written in place, at most two. */
  readonly slots: readonly StateSlot[];
}

/**
 * The state slots of a bank, from its partition. Never throws because of what is on the disk: a slot that is
 * missing, that has another size, or that is not in one piece is left out, and so are all of them where the
 * volume cannot be read.
 */
export function readBankState(partition: BlockDevice): BankState {
  const open = unlessDamaged(() => openFat(partition), ignored);
  if (!open) return { verdict: undefined, slots: [] };
  const bootCfg = unlessDamaged(() => readBootCfg(open.read('boot.cfg')), ignored);
  const found = slotNames.flatMap((name): StateSlot[] => {
    const slot = unlessDamaged(() => readSlot(partition, open, name), ignored);
    return slot ? [slot] : [];
  });
  const [first, second] = found;
  // Of a damaged table both can lead to the same clusters: a save into one would be the end of the other.
  const apart = !first || !second || Math.abs(first.offset - second.offset) >= slotBytes;
  return { verdict: bootCfg?.ok ? bootCfg.cfg.verdict : undefined, slots: apart ? found : [] };
}

/**
 * What is wrong with a bank's slots where both were written and neither can be read: no power cut does that,
 * and what was in them is lost. Undefined otherwise.
 */
export function damagedSlots({ slots }: BankState): string | undefined {
  const reasons = slots.flatMap(({ name, reading }) =>
    reading.ok || reading.empty ? [] : [`${name}: ${reading.reason}`],
  );
  return reasons.length > 1 ? reasons.join('; ') : undefined;
}

function readSlot(partition: BlockDevice, volume: FatVolume, name: SlotName) {
  if (!volume.stat(name)) return undefined;
  const [extent, ...others] = volume.extents(name);
  if (!extent || others.length > 0 || extent.length !== slotBytes) return undefined;
  const { offset } = extent;
  return { name, offset, reading: decodeSlot(partition.read(offset, slotBytes)) };
}

function ignored(): void {}
