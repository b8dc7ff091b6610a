import { unlessDamaged } from '../bootloader/damage.ts';
import { writeMarks } from '../bootloader/write-marks.ts';
import { readBankMagic, writeBankMagic } from '../disk/bank-magic.ts';
import type { Extent } from '../disk/extents.ts';
import { writeExtents } from '../disk/fat/file-data.ts';
import { formatFat16 } from '../disk/fat/format.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import { deriveGuid, deriveSerial } from '../disk/guid.ts';
import type { BankReading } from './bank-reading.ts';
import type { HostBank } from './host-disk.ts';
import { type BankPlan, bootCfgBytes } from './plan-bank.ts';

/** Where the bytes of each file of a bank go, by name. */
export type Places = ReadonlyMap<string, readonly Extent[]>;

/** Of a bank that an update is writing: the loader passes it over. */
export const updating = { bootstate: '3', attempts: '0', verdict: 'U' } as const;

/**
 * Takes a bank out of the loader's choice: INVALID, verdict U, flushed. Where it has no boot.cfg that can be
 * changed in place one is written whole, and where it has no volume one is made. From here on the bank holds
 * nothing that boots until {@link activateBank}.
 */
export function invalidateBank(
  bank: HostBank,
  reading: BankReading,
  plan: BankPlan,
  updated: number,
): void {
  if (reading.bootCfg.ok && isSound(reading.volume)) {
    const { attempts } = reading.bootCfg.cfg;
    writeMarks(bank.device, { ...updating, attempts });
    return;
  }
  const volume = reading.volume && isSound(reading.volume) ? openFat(bank.device) : format(bank);
  writeBootCfg(bank, volume, bootCfgBytes(plan, { ...updating, updated }));
}

/** Writes a bank's boot.cfg whole, in place where there is one in one piece, and flushes. */
export function writeBootCfg(bank: HostBank, volume: FatVolume, bytes: Uint8Array): void {
  const there = volume.stat('boot.cfg');
  const extents = there && !there.directory ? volume.extents('boot.cfg') : [];
  if (there?.size === bytes.length && extents.length === 1) {
    volume.overwrite('boot.cfg', 0, bytes);
  } else {
    if (there) volume.remove('boot.cfg');
    volume.write('boot.cfg', bytes);
  }
  volume.flush();
  bank.device.flush();
}

/** Empties a bank but for boot.cfg, and gives each file of the plan its place; small ones are written. */
export function layOutBank(bank: HostBank, plan: BankPlan): { volume: FatVolume; places: Places } {
  const volume = openFat(bank.device);
  for (const { path } of volume.walk().reverse()) {
    if (path.toLowerCase() !== '/boot.cfg') volume.remove(path);
  }
  volume.flush();
  const places = new Map<string, Extent[]>();
  for (const file of plan.files) {
    const extents = volume.place(file.name, file.bytes);
    places.set(file.name, extents);
    if ('data' in file) writeExtents(bank.device, extents, file.data);
  }
  return { volume, places };
}

/** A volume with an error can not be written to, only be made anew. */
function isSound(volume: FatVolume | undefined): boolean {
  if (!volume) return false;
  const errors = unlessDamaged(
    () => volume.check().filter(({ severity }) => severity === 'error'),
    () => {},
  );
  return errors?.length === 0;
}

function format(bank: HostBank): FatVolume {
  const { device, firstLba, number } = bank;
  // Sector 1 keeps the bank's mark where it has one.
  const marked = unlessDamaged(
    () => readBankMagic(device),
    () => {},
  );
  formatFat16(device, {
    serial: deriveSerial('twinbank update', `bank ${number}`),
    hiddenSectors: firstLba,
  });
  if (marked === undefined) writeBankMagic(device, deriveGuid('twinbank update', `bank ${number}`));
  device.flush();
  return openFat(device);
}
