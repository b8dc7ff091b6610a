import type { RefusedBank } from '../../bootloader/boot-journal.ts';
import { selectBank } from '../../bootloader/select-bank.ts';
import type { Person } from '../../bootloader/selection.ts';
import type { Outcome } from '../console/boot-progress.ts';
import type { Fault, RuntimeFault } from '../faults/fault.ts';
import { PowerFailure } from '../faults/medium.ts';
import type { SimBootEvent } from './sim-boot-event.ts';
import { simFaults } from './sim-boot-faults.ts';
import type { SimDisk } from './sim-disk.ts';
import { type SimHost, simulateSystem } from './sim-runtime.ts';

/** One boot, from power-on to a system that stays up, a reset or the rescue prompt. */
export interface SimBoot {
  /** Partition number of the bank that was started, or null. */
  readonly booted: number | null;
  /** A boot that a power cut ended counts as `hang`: it ended without a word. */
  readonly outcome: Outcome;
  /** The machine was reset, so another boot follows. */
  readonly reset: boolean;
  readonly events: readonly SimBootEvent[];
}

export interface SimBootOptions {
  /** How the system of a bank fails; undefined: it does not. */
  behaviour?(partition: number): RuntimeFault | undefined;
  readonly person?: Person | undefined;
  readonly host?: SimHost;
  /** Hears of each event as it happens; what it throws ends the boot. */
  onEvent?(event: SimBootEvent): void;
}

/**
 * Boots a host once from its disk: the loader's own decisions on the real bytes, with what it writes, then
 * the system that it starts. The power may fail at any access to the disk or in `onEvent` (a PowerFailure).
 */
export function simulateBoot(disk: SimDisk, machine: SimBootOptions = {}): SimBoot {
  const events: SimBootEvent[] = [];
  let booted: number | null = null;
  const refused: RefusedBank[] = [];
  const say = (event: SimBootEvent): void => {
    events.push(event);
    if (event.type === 'refuse') refused.push({ bank: event.partition, why: event.reason });
    if (event.type === 'boot') booted = event.partition;
    machine.onEvent?.(event);
  };
  try {
    say({ type: 'loader' });
    const { facts, io } = disk.loader();
    const selection = selectBank(facts, { ...io, onEvent: say }, machine.person);
    const bank = disk.banks.find(({ partition }) => partition === selection.booted);
    if (!bank) return { booted: null, outcome: 'rescue', reset: false, events };
    const chosen = events.at(-1);
    const build = chosen?.type === 'boot' ? chosen.build : '';
    const behaviour = machine.behaviour?.(bank.partition);
    const { outcome, reset } = simulateSystem(
      bank,
      { build, behaviour, refused, host: machine.host },
      say,
    );
    if (reset) events.push({ type: 'reset', cause: reset });
    return { booted, outcome, reset: reset !== undefined, events };
  } catch (error) {
    if (!(error instanceof PowerFailure)) throw error;
    disk.medium.powerOn();
    events.push({ type: 'power-cut', at: error.where }, { type: 'reset', cause: 'power-cut' });
    return { booted, outcome: 'hang', reset: true, events };
  }
}

export interface SimBoots extends Omit<SimBoot, 'events' | 'reset'> {
  /** Every boot, the first first; `booted` and `outcome` above are those of the last. */
  readonly boots: readonly SimBoot[];
  /** Faults that did nothing, because what they wait for was never reached. */
  readonly unfired: readonly string[];
}

/**
 * Follows at most `boots` boots of a host with these faults, until the system stays up or the loader stops
 * at its rescue prompt. The disk has been damaged before (`bindFaults`).
 */
export function simulateBoots(
  disk: SimDisk,
  options: { readonly boots?: number; readonly faults?: readonly Fault[] } = {},
): SimBoots {
  const { boots: limit = 1, faults = [] } = options;
  const played = simFaults(disk, faults);
  const boots: SimBoot[] = [];
  for (let boot = 1; boot <= limit; boot++) {
    const result = simulateBoot(disk, played);
    boots.push({ ...result, events: [{ type: 'power-on', boot }, ...result.events] });
    if (!result.reset) break;
  }
  const last = boots.at(-1);
  return {
    booted: last?.booted ?? null,
    outcome: last?.outcome ?? 'hang',
    boots,
    unfired: played.unfired().map(({ text }) => text),
  };
}
