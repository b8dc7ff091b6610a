import { readOr } from '../bootloader/bank-contents.ts';
import { withMarks } from '../bootloader/boot-cfg.ts';
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
import { type BankPlan, bootCfgBytes } from './manifest/plan-bank.ts';

/** Where the bytes of each file of a bank go, by name. */
export type Places = ReadonlyMap<string, readonly Extent[]>;

/** Of a bank that an update is writing: the loader passes it over. */
export const updating = { bootstate: '3', attempts: '0', verdict: 'U' } as const;

/**
 * Takes a bank out of the loader's choice: INVALID, verdict U, flushed. Where its boot.cfg is malformed, or
 * has its marks elsewhere than in its first sector, one is written whole, and where it has no sound volume
 * one is made. From here on the bank holds nothing that boots until {@link activateBank}.
 */
export function invalidateBank(
  bank: HostBank,
  reading: BankReading,
  plan: BankPlan,
  updated: number,
): void {
  const sound = isSound(reading.volume);
  if (reading.bootCfg.ok && hasMarks(reading)) {
    const { attempts } = reading.bootCfg.cfg;
    // Before a new volume is made as well: one that is half made could still be tried.
    writeMarks(bank.device, { ...updating, attempts });
    if (sound) return;
  }
  const volume = sound ? openFat(bank.device) : format(bank);
  // Not in place: one half of it with the other half of what is there could be a boot.cfg as well.
  volume.write('boot.cfg', bootCfgBytes(plan, { ...updating, updated }));
  volume.flush();
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

/** A volume with an error, or a folder in the place of boot.cfg, cannot be written to, only be made anew. */
function isSound(volume: FatVolume | undefined): boolean {
  if (!volume) return false;
  const errors = unlessDamaged(
    () => volume.check().filter(({ severity }) => severity === 'error'),
    () => {},
  );
  return errors?.length === 0 && !volume.stat('boot.cfg')?.directory;
}

/** Whether boot.cfg can be marked where it is, by one sector. */
function hasMarks({ files }: BankReading): boolean {
  const first = readOr(files, 'boot.cfg')?.subarray(0, 512);
  const marked = unlessDamaged(
    () => first && withMarks(first, updating),
    () => {},
  );
  return marked !== undefined;
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
