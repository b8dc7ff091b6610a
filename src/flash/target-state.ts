import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { namedAt } from '../diagnostics/system-error.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { readGpt } from '../disk/gpt.ts';
import { makeFolders } from '../disk/make-folders.ts';
import { type OpenImage, openImage } from '../disk/open-image.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { unpackState } from '../state/archive.ts';
import { chooseState } from '../state/choose-state.ts';
import { nextBanks } from '../state/next-banks.ts';
import { readBankState } from '../state/slots-of-bank.ts';
import {
  isKeptState,
  type KeptStateMark,
  markOfKeptState,
  readKeptStateMark,
} from './kept-state-mark.ts';

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
  /** What stands on the disk meanwhile, so that the next run finds the copy. */
  readonly mark: ReturnType<typeof markOfKeptState>;
  /** Removes what this disk does not need any more, and no other disk's copy. */
  forget(): void;
}

/**
 * Keeps the state of a device in a file of its own in `folder`, for its owner alone, until the new image is whole. It is
 * called by the disk's GUID, of which two disks may have the same; so what it is called is written on the disk as well,
 * with its hash, and where a run was broken off, the copy counts that the disk names, if it has this hash. It is a packed state, which
 * `state restore` takes, too. Throws as {@link stateOf} does, `flash.no-identity` (kind `refused`) for a disk without a GUID, and
 * `flash.kept-state` (kind `corrupt`) for a copy that is not what the disk says.
 */
export function keepStateOf(name: string, folder: string, disk: BlockDevice): KeptState {
  const mark = readKeptStateMark(disk);
  const left = mark && { mark, file: join(folder, `${mark.name}${ending}`) };
  let content: Uint8Array;
  try {
    content = stateOf(name, () => disk);
  } catch (error) {
    const none = error instanceof TwinbankError && error.code === 'flash.no-state';
    if (!none || !left) throw error;
    content = readLeftover(name, left);
    const forget = (): void => rmSync(left.file, { force: true });
    const again = markOfKeptState(left.mark.name, content);
    return { content, file: left.file, leftover: true, mark: again, forget };
  }
  const { diskGuid } = readGpt(disk);
  if (/^[0-]*$/.test(diskGuid)) throw noIdentity(name);
  makeFolders(folder, 0o700);
  const { key, file } = writeNew(folder, diskGuid, content);
  const forget = (): void => {
    rmSync(file, { force: true });
    // Whoever has made the disk may have named another one's.
    if (left && isOwnCopy(left)) rmSync(left.file, { force: true });
  };
  return { content, file, leftover: false, mark: markOfKeptState(key, content), forget };
}

/** The copy that a disk names. */
interface Leftover {
  readonly mark: KeptStateMark;
  readonly file: string;
}

function readLeftover(name: string, { mark, file }: Leftover): Uint8Array {
  if (!existsSync(file)) {
    throw noState(
      name,
      `none, and that which a run that was broken off has kept in ${file} is gone`,
    );
  }
  const content = new Uint8Array(readFileSync(file));
  if (!isKeptState(mark, content)) {
    const expected =
      mark.sha256 === undefined
        ? 'on the disk its hash, which versions before this one have not written'
        : `SHA-256 ${mark.sha256}, which is on the disk`;
    const message = `${file}: expected the state of ${name} with ${expected}, found something else; where you know that it is right, flash without --keep-state and take it by state restore`;
    throw new TwinbankError('corrupt', 'flash.kept-state', message, { data: { path: file } });
  }
  unpackState(content);
  return content;
}

function isOwnCopy({ mark, file }: Leftover): boolean {
  return existsSync(file) && isKeptState(mark, readFileSync(file));
}

const ending = '.state.tgz';

/** Under a name that no other copy has: another disk may wait for that one. */
function writeNew(
  folder: string,
  guid: string,
  content: Uint8Array,
): { key: string; file: string } {
  for (let number = 1; ; number++) {
    const key = number === 1 ? guid : `${guid}.${number}`;
    const file = join(folder, `${key}${ending}`);
    let fd: number;
    try {
      fd = openSync(file, 'wx', 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw namedAt(file, error);
    }
    try {
      writeFileSync(fd, content, { flush: true });
      return { key, file };
    } catch (error) {
      // Made by us a moment ago: no other disk waits for it.
      rmSync(file, { force: true });
      throw namedAt(file, error);
    } finally {
      closeSync(fd);
    }
  }
}

function noIdentity(name: string): TwinbankError {
  const message = `${name}: expected a disk GUID to keep its state by, found none; state backup keeps it elsewhere`;
  return new TwinbankError('refused', 'flash.no-identity', message);
}
