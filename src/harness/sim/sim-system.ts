import type { JournalEvent, RefusedBank } from '../../bootloader/boot-journal.ts';
import { appendJournal } from '../../bootloader/store-journal.ts';
import { packState, unpackState } from '../../state/archive.ts';
import { chooseState, newestIsUnknown } from '../../state/choose-state.ts';
import { type BankPair, keepState, saveState, whyNotSave } from '../../state/save-state.ts';
import { filesOfSettings, type Settings, settingsOf } from '../../state/settings.ts';
import { damagedSlots, readBankState } from '../../state/slots-of-bank.ts';
import type { SimulatedBank } from './sim-banks.ts';
import type { WritableDisk } from './sim-disk.ts';
import type { RunningHost } from './sim-runtime.ts';

/** What the system of a simulated machine knows: what follows from the disk by the code that a host runs. */
export interface SimSystem {
  readonly bank: SimulatedBank;
  readonly build: string;
  readonly refused: readonly RefusedBank[];
  readonly problems: readonly string[];
  readonly state: 'starting' | 'ready';
  settings: Partial<Settings>;
  configuration: {
    generation: number | null;
    bank: number | null;
    saved: boolean;
    problem: string | null;
  };
  /** Bundles in its `/tmp`. */
  readonly staged: Map<string, Uint8Array>;
}

/** The configuration as a boot finds it. */
type Restored = Pick<SimSystem, 'settings' | 'configuration'>;

/** What a system does on its disk in a boot; `restored` is what the last one found. */
export function simHost(disk: WritableDisk, now: () => number) {
  let restored: Restored = nothing();
  const host: RunningHost = {
    restore(bank) {
      restored = restore(disk, bank);
      const { generation, bank: holder, problem } = restored.configuration;
      const name = generation === null ? 'none' : `generation ${generation} of bank ${holder}`;
      return problem === null ? name : `${name}: ${problem}`;
    },
    journal: (event) => writeJournal(disk, event, now()),
  };
  return { host, restored: () => restored };
}

export function writeJournal(disk: WritableDisk, event: JournalEvent, now: number): void {
  // A host whose store cannot be written runs all the same.
  if (disk.host.store) appendJournal(disk.host.store, event, now);
}

function nothing(): Restored {
  const configuration = { generation: null, bank: null, saved: true, problem: null };
  return { settings: {}, configuration };
}

function restore(disk: WritableDisk, bank: SimulatedBank): Restored {
  const { other, otherNumber, bank: own } = pairOf(disk, bank.partition);
  const ownState = readBankState(own);
  const chosen = chooseState(ownState, other && readBankState(other));
  const found = nothing();
  if (!chosen) {
    found.configuration.problem = damagedSlots(ownState) ?? null;
    return found;
  }
  found.configuration.generation = chosen.saved.generation;
  found.configuration.bank = chosen.bank === 'own' ? bank.partition : (otherNumber ?? null);
  try {
    const { settings, problems } = settingsOf(unpackState(chosen.saved.content));
    found.settings = settings;
    found.configuration.problem = problems[0] ?? null;
  } catch (error) {
    found.configuration.problem = (error as Error).message;
  }
  return found;
}

function pairOf(
  { host }: WritableDisk,
  number: number,
): BankPair & { readonly otherNumber: number | undefined } {
  const own = host.banks.find((one) => one.number === number);
  if (!own) throw new Error(`bank ${number} is not on the disk it was booted from`);
  const other = host.banks.find((one) => one !== own);
  const { dropCaches } = host;
  return { bank: own.device, other: other?.device, otherNumber: other?.number, dropCaches };
}

/** Once a boot is confirmed its bank holds the state that it was started from (state-keeper.ts, `keep`). */
export async function keepRestored(disk: WritableDisk, system: SimSystem): Promise<void> {
  const pair = pairOf(disk, system.bank.partition);
  if (whyUnsaved(system) !== undefined) return;
  if (newestIsUnknown(readBankState(pair.bank), pair.other && readBankState(pair.other))) return;
  const { wrote, generation } = await keepState(pair);
  if (!wrote) return;
  system.configuration.generation = generation;
  system.configuration.bank = system.bank.partition;
}

export type SaveAnswer =
  | { readonly saved: true; readonly generation: number }
  | { readonly saved: false; readonly why: string };

/** Saves the settings as the running system does; what cannot be saved is answered, not thrown. */
export async function saveSettings(disk: WritableDisk, system: SimSystem): Promise<SaveAnswer> {
  const why = whyUnsaved(system);
  if (why !== undefined) return { saved: false, why };
  const content = packState(filesOfSettings(system.settings));
  const { generation } = await saveState(pairOf(disk, system.bank.partition), content);
  const bank = system.bank.partition;
  system.configuration = { generation, bank, saved: true, problem: null };
  return { saved: true, generation };
}

function whyUnsaved({ bank }: SimSystem): string | undefined {
  const bootCfg = bank.readBootCfg();
  return bootCfg.ok ? whyNotSave(bootCfg.cfg.bootstate) : `boot.cfg: ${bootCfg.reason}`;
}
