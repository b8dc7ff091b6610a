import { envBlockSize } from '../../bootloader/env-block.ts';
import type { FatVolume } from '../../disk/fat/volume.ts';
import { faultError } from './fault-error.ts';

/** Flips the lowest bit of a byte, without `offset` of the middle one. Throws `usage.fault`. */
export function flipBit(volume: FatVolume, fault: string, file: string, offset?: number): void {
  const size = sizeOf(volume, fault, file);
  const at = offset ?? Math.floor(size / 2);
  const [byte] = at < size ? volume.readRange(file, at, 1) : [];
  if (byte === undefined) {
    throw faultError(fault, `an offset below ${size}, the bytes of ${file}`, String(at));
  }
  volume.overwrite(file, at, Uint8Array.of(byte ^ 1));
}

/** Removes a file. Throws `usage.fault`. */
export function removeFile(volume: FatVolume, fault: string, file: string): void {
  sizeOf(volume, fault, file);
  volume.remove(file);
  volume.flush();
}

/** Leaves the first `bytes` bytes of boot.cfg and makes the rest zero. Throws `usage.fault`. */
export function tearBootCfg(volume: FatVolume, fault: string, bytes: number): void {
  const size = Math.min(sizeOf(volume, fault, 'boot.cfg'), envBlockSize);
  if (bytes < size) volume.overwrite('boot.cfg', bytes, new Uint8Array(size - bytes));
}

function sizeOf(volume: FatVolume, fault: string, file: string): number {
  const entry = volume.stat(file);
  if (entry && !entry.directory) return entry.size;
  const names = volume.list().flatMap(({ name, directory }) => (directory ? [] : [name]));
  throw faultError(fault, `a file of the bank (${names.join(', ') || 'it has none'})`, file);
}
