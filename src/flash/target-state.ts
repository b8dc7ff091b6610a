import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { type OpenImage, openImage } from '../disk/open-image.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { unpackState } from '../state/archive.ts';
import { chooseState } from '../state/choose-state.ts';
import { nextBanks } from '../state/next-banks.ts';
import { readBankState } from '../state/slots-of-bank.ts';

/**
 * What the next boot of a disk would start from, packed. Throws (kind `refused`) `flash.no-state` where it is no
 * twinbank disk, or nothing was ever saved on it: who asks to keep a state must not lose one unawares.
 */
export function stateOf(name: string, open: () => BlockDevice): Uint8Array {
  const found = ((): Uint8Array | string => {
    try {
      const disk = open();
      const { own, other } = nextBanks(disk);
      const bank = readBankState(partitionDevice(disk, own));
      const chosen = chooseState(bank, other && readBankState(partitionDevice(disk, other)));
      return chosen?.saved.content ?? 'none: nothing was changed on this host yet';
    } catch (error) {
      if (!(error instanceof TwinbankError) || error.kind !== 'corrupt') throw error;
      return error.message;
    }
  })();
  if (typeof found !== 'string') return found;
  throw noState(name, found.startsWith(`${name}: `) ? found.slice(name.length + 2) : found);
}

/** The same of a disk file. */
export function stateOfFile(path: string): Uint8Array {
  if (!existsSync(path)) throw noState(path, 'no such file');
  let old: OpenImage | undefined;
  try {
    return stateOf(path, () => {
      old = openImage(path);
      return old.device;
    });
  } finally {
    old?.close();
  }
}

function noState(name: string, found: string): TwinbankError {
  const message = `${name}: expected a state to keep, found ${found}; without --keep-state it is flashed anew`;
  return new TwinbankError('refused', 'flash.no-state', message);
}

/** A copy of a target's state on the host, as long as the target does not hold it. */
export interface KeptState {
  readonly content: Uint8Array;
  readonly file: string;
  /** The copy that a run which was broken off has left. */
  readonly leftover: boolean;
  forget(): void;
}

/**
 * Keeps the state of a device in a file of its own in `folder`, for its owner alone, until the new image is
 * whole. Where a run was broken off, the device has no state any more and the file that this run left counts. It is
 * a packed state, which `state restore` takes, too. Throws as {@link stateOf} does.
 */
export function keepStateOf(
  name: string,
  serial: string,
  folder: string,
  disk: BlockDevice,
): KeptState {
  const file = join(folder, `${serial.replaceAll(/[^\w.-]+/g, '_').slice(-120)}.state.tgz`);
  const forget = (): void => rmSync(file, { force: true });
  let content: Uint8Array;
  try {
    content = stateOf(name, () => disk);
  } catch (error) {
    const none = error instanceof TwinbankError && error.code === 'flash.no-state';
    if (!none || !existsSync(file)) throw error;
    content = new Uint8Array(readFileSync(file));
    // A copy that was cut short must not be taken for a state.
    unpackState(content);
    return { content, file, leftover: true, forget };
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  forget();
  writeFileSync(file, content, { mode: 0o600, flush: true });
  return { content, file, leftover: false, forget };
}
