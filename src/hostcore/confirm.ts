import { type BootMarks, readBootCfg, withMarks } from '../bootloader/boot-cfg.ts';
import { stateNames } from '../bootloader/rules.ts';
import { bootCfgOffset, writeMarks } from '../bootloader/write-marks.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { openFat } from '../disk/fat/volume.ts';

/** The bank that runs, as far as its marks go. */
export interface MarkedBank {
  readonly device: BlockDevice;
  /** The bytes of boot.cfg as they are now. */
  readBootCfg(): Uint8Array;
  /** Of boot.cfg's first sector in `device`. */
  bootCfgOffset(): number;
}

/** A bank by its partition, whose boot.cfg is looked up each time. */
export function markedBank(device: BlockDevice): MarkedBank {
  return {
    device,
    readBootCfg: () => openFat(device).read('boot.cfg'),
    bootCfgOffset: () => bootCfgOffset(device),
  };
}

const confirmed: BootMarks = { bootstate: '0', attempts: '0', verdict: '-' };

/** The marks of a bank as they are now. Throws when its boot.cfg cannot be read or is malformed. */
export function readMarks(bank: MarkedBank): BootMarks {
  return marksOf(bank.readBootCfg());
}

function marksOf(bytes: Uint8Array): BootMarks {
  const found = readBootCfg(bytes);
  if (!found.ok) throw new Error(`boot.cfg: ${found.key}: ${found.reason}`);
  const { bootstate, attempts, verdict } = found.cfg;
  return { bootstate, attempts, verdict };
}

/**
 * Confirms the bank that runs: bootstate 0, attempts 0, verdict `-`, in one write of the sector that holds them, flushed and
 * read back. Throws when the bank is in no state that may be confirmed (it was booted by hand from INVALID) or when it does not
 * read back. Returns the bytes of boot.cfg as they now are to be: once the caches are dropped, {@link assertConfirmed}
 * holds the medium against them.
 */
export function writeConfirmation(bank: MarkedBank): Uint8Array {
  const bytes = bank.readBootCfg();
  const { bootstate } = marksOf(bytes);
  if (bootstate !== '0' && bootstate !== '2') {
    throw new Error(`a bank found ${stateNames[bootstate]} is never confirmed`);
  }
  writeMarks(bank.device, confirmed, { offset: bank.bootCfgOffset() });
  return withMarks(bytes, confirmed);
}

/** Throws when the bank does not hold what {@link writeConfirmation} returned. */
export function assertConfirmed(bank: MarkedBank, expected: Uint8Array): void {
  if (Buffer.compare(bank.readBootCfg(), expected) === 0) return;
  throw new Error('the bank does not keep what is written to it');
}
