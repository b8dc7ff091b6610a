import type { RefusedBank } from '../../bootloader/boot-journal.ts';
import type { BlockDevice } from '../../disk/block-device.ts';
import type { Extent } from '../../disk/extents.ts';
import { extentsDigest } from '../../disk/extents-digest.ts';
import type { HostBanks, LiveConfiguration } from '../../hostcore/host-port.ts';
import { type Journal, noJournal, openJournal } from '../../hostcore/journal.ts';
import { memoText, restoreState, type StateMemo } from '../../hostcore/state-memo.ts';
import type { BankPair } from '../../state/save-state.ts';
import type { Settings } from '../../state/setting-rows.ts';
import { filesOfSettings, settingsOf } from '../../state/settings.ts';
import type { StateFile } from '../../state/state-file.ts';
import type { HostDisk } from '../../update/host-disk.ts';
import { PowerFailure } from '../faults/medium.ts';
import type { SimBootEvent } from './sim-boot-event.ts';
import type { SimBank } from './sim-disk.ts';
import type { SimHostDisk } from './sim-host-disk.ts';
import type { SimHost } from './sim-runtime.ts';

/** What a simulated system has in memory until the power goes. */
export interface SimMemory {
  /** What an administrator set; the files of the image's layers are not there. */
  settings: Partial<Settings>;
  /** Files of a later version. */
  carried: readonly StateFile[];
  memo: StateMemo | undefined;
  /** Bundles in its `/tmp`, by their names. */
  readonly staged: Map<string, Uint8Array>;
}

/** What the system of a simulated machine knows: what follows from the disk by the rules of a host. */
export interface SimSystem extends SimMemory {
  readonly bank: SimBank;
  readonly build: string;
  readonly refused: readonly RefusedBank[];
  readonly problems: readonly string[];
  readonly state: 'starting' | 'ready';
}

/** The configuration in a system's memory. */
export function memoryConfiguration(memory: SimMemory): LiveConfiguration {
  return {
    // By way of the files, so that what is saved is what a host reads again.
    read: () => settingsOf([...filesOfSettings(memory.settings), ...memory.carried]),
    write(settings) {
      memory.settings = { ...memory.settings, ...settings };
    },
    carry(files) {
      memory.carried = files;
    },
  };
}

/** Puts the state that a bank starts from into a system's memory. */
function restoreMemory(disk: HostDisk, bank: number, memory: SimMemory): StateMemo {
  const { pair, ...numbers } = banksOf(disk, bank);
  memory.memo = restoreState(pair, numbers, memoryConfiguration(memory));
  return memory.memo;
}

/** A system that boots: what it does on its disk, and what is known of it by then. */
export interface BootingSystem {
  readonly host: SimHost;
  readonly memory: SimMemory;
  journal: Journal;
  /** Why the boot is not confirmed; undefined: it is. */
  unconfirmed: string | undefined;
}

export function bootingSystem(
  disk: HostDisk,
  { now, line, hasPower }: { now(): number; line(text: string): void; hasPower(): boolean },
): BootingSystem {
  const memory: SimMemory = { settings: {}, carried: [], memo: undefined, staged: new Map() };
  const booting: BootingSystem = {
    memory,
    journal: noJournal('no bank was started'),
    unconfirmed: undefined,
    host: {
      restore({ partition }) {
        booting.journal = openJournal(disk.store, now);
        const { problem } = booting.journal;
        if (problem !== undefined) line(`boot journal: ${problem}`);
        return memoText(restoreMemory(disk, partition, memory));
      },
      journal(event) {
        booting.journal.write(event);
        // A journal takes it for a store that cannot be written, and this may be the boot's last access to the disk.
        if (!hasPower()) throw new PowerFailure('a record of the boot journal');
      },
      judged(unconfirmed) {
        booting.unconfirmed = unconfirmed;
      },
    },
  };
  return booting;
}

/** Both banks of a host's disk, as the one with this number sees them. */
export function banksOf(
  { banks, dropCaches }: HostDisk,
  number: number,
): Pick<HostBanks, 'number' | 'otherNumber'> & { readonly pair: BankPair } {
  const own = banks.find((one) => one.number === number);
  if (!own) throw new Error(`bank ${number} is not on the disk it was booted from`);
  const other = banks.find((one) => one !== own);
  const pair = { bank: own.device, other: other?.device, dropCaches };
  return { number, otherNumber: other?.number, pair };
}

/** The disk as one boot has it: what still runs of a system that is over finds no power. */
export function diskOfBoot(
  { banks, store, dropCaches }: HostDisk,
  isOver: () => boolean,
): HostDisk {
  const alive = <T>(work: () => T): T => {
    if (isOver()) throw new PowerFailure('the end of the system');
    return work();
  };
  const guard = (device: BlockDevice): BlockDevice => ({
    size: device.size,
    read: (offset, length, scratch) => alive(() => device.read(offset, length, scratch)),
    write: (offset, bytes) => alive(() => device.write(offset, bytes)),
    flush: () => alive(() => device.flush()),
    ...(device.digest && {
      digest: (extents: readonly Extent[]) => alive(() => extentsDigest(device, extents)),
    }),
  });
  return {
    banks: banks.map((bank) => ({ ...bank, device: guard(bank.device) })),
    store: store && guard(store),
    dropCaches: () => alive(dropCaches),
  };
}

/** The system that a boot left running, by its events; undefined at the rescue prompt. */
export function systemOf(
  disk: SimHostDisk,
  events: readonly SimBootEvent[],
  memory: SimMemory,
): SimSystem | undefined {
  const chosen = events.findLast((event) => event.type === 'boot');
  const bank = disk.banks.find(
    ({ partition }) => chosen?.type === 'boot' && partition === chosen.partition,
  );
  if (chosen?.type !== 'boot' || !bank) return undefined;
  const problems = events.flatMap((event) => (event.type === 'unhealthy' ? [event.reason] : []));
  const refused = events.flatMap((event) =>
    event.type === 'refuse' ? [{ bank: event.partition, why: event.reason }] : [],
  );
  const state = problems.length > 0 ? 'starting' : 'ready';
  return { ...memory, bank, build: chosen.build, refused, problems, state };
}
