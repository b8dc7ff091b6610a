import { decodeEnvBlock } from '../bootloader/env-block.ts';
import { maxUpdated } from '../bootloader/rules.ts';
import { bootCfgOffset } from '../bootloader/write-marks.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { BankReading } from './bank-reading.ts';
import type { ChosenBanks } from './choose-banks.ts';

/** The number of a new version, by which it is the first in order (docs/boot.md). */
export interface UpdateNumber {
  readonly updated: number;
  /**
   * Makes room for it. To be called once the other bank is out of use, when no number decides anything; does nothing but at the
   * end of all numbers. Throws `update.not-kept` (kind `io`).
   */
  makeRoom(dropCaches: () => Promise<void>): Promise<void>;
}

/** As long as the last number, so that nothing of boot.cfg moves. */
const setBackTo = 100_000_000;
const sectorBytes = 512;

/**
 * One more than the highest of both banks. Where boot.cfg has no higher one, one more than that of the bank that is kept; and where that is
 * at the end itself, it is set back, by one write of one sector: no number on a disk keeps a host from being updated. Throws
 * `update.number` (kind `corrupt`) where it has no single place.
 */
export function nextUpdated({ kept, target }: Pick<ChosenBanks, 'kept' | 'target'>): UpdateNumber {
  const own = numberOf(kept);
  const highest = Math.max(own, numberOf(target));
  const stays = async (): Promise<void> => {};
  if (highest < maxUpdated) return { updated: highest + 1, makeRoom: stays };
  if (own < maxUpdated) return { updated: own + 1, makeRoom: stays };
  const { device, number } = kept;
  const offset = bootCfgOffset(device);
  const wanted = withUpdated(device.read(offset, sectorBytes), number);
  return {
    updated: setBackTo + 1,
    async makeRoom(dropCaches) {
      device.write(offset, wanted);
      device.flush();
      await dropCaches();
      assertKept(device, offset, wanted, number);
    },
  };
}

function numberOf({ bootCfg }: BankReading): number {
  return bootCfg.ok ? bootCfg.cfg.updated : 0;
}

function withUpdated(sector: Uint8Array, bank: number): Uint8Array {
  const found = decodeEnvBlock(sector).entries.filter(({ key }) => key === 'updated');
  const [entry, second] = found;
  const digits = String(setBackTo);
  if (entry && !second && entry.value.length === digits.length) {
    const changed = Uint8Array.from(sector);
    changed.set(Buffer.from(digits), entry.offset);
    return changed;
  }
  const message = `bank ${bank}: boot.cfg updated: expected one line with ${digits.length} digits in the first ${sectorBytes} bytes, found ${found.length}`;
  throw new TwinbankError('corrupt', 'update.number', message);
}

function assertKept(device: BlockDevice, offset: number, wanted: Uint8Array, bank: number): void {
  if (Buffer.compare(device.read(offset, sectorBytes), wanted) === 0) return;
  const message = `bank ${bank}: expected boot.cfg to read back as it was written, found other bytes: the medium does not keep its data`;
  throw new TwinbankError('io', 'update.not-kept', message, { data: { file: 'boot.cfg' } });
}
