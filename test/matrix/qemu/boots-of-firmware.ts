import { type Firmware, firmwares } from '../../../src/harness/qemu/machine-options.ts';
import { exhaustive } from '../../support/exhaustive.ts';
import { consoleBoots, consoleBootsByTurns } from '../console-boots.ts';
import { type PlannedBoot, plannedBoots } from '../planned-boots.ts';

/**
 * A firmware's share of the boots: every rule on each firmware, every state and every scene's keys on one of them. What GRUB's
 * script decides is tried in grub-emu, too, over all that can be played there; `soak` boots all of them on both firmwares.
 */
export function bootsOfFirmware(firmware: Firmware, whole = exhaustive): PlannedBoot[] {
  if (whole) return [...plannedBoots, ...consoleBoots];
  const turn = firmwares.indexOf(firmware);
  const ways = ['serial', 'vga'] as const;
  return [...byTurns(plannedBoots, turn), ...consoleBootsByTurns(ways[turn] ?? 'serial')];
}

/** The boots of a rule by turns; the only one of a rule at every turn. */
function byTurns(boots: readonly PlannedBoot[], turn: number): PlannedBoot[] {
  const kinds = new Map<string, PlannedBoot[]>();
  for (const boot of boots) {
    const kind = `${boot.rule} ${boot.readOnly ?? false}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), boot]);
  }
  const isMine = (_: PlannedBoot, index: number, all: readonly PlannedBoot[]): boolean =>
    all.length === 1 || index % firmwares.length === turn;
  const mine = new Set([...kinds.values()].flatMap((all) => all.filter(isMine)));
  return boots.filter((boot) => mine.has(boot));
}
