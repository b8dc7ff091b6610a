import { loaderIo } from '../../src/bootloader/loader-io.ts';
import { loaderLine } from '../../src/bootloader/loader-line.ts';
import { selectBank } from '../../src/bootloader/select-bank.ts';
import type { BankFacts, Person, Selection } from '../../src/bootloader/selection.ts';
import { type ConsoleEventType, linePrefix } from '../../src/protocol/console-event.ts';
import { parseConsoleLine } from '../../src/protocol/parse-console-line.ts';
import type { ModelBank } from './bank-state.ts';
import type { MatrixDisk } from './disk.ts';

/** What the pure function says about a boot. */
export interface Expectation {
  readonly facts: readonly BankFacts[];
  readonly selection: Selection;
  /** The console's lines, without those that only help a reader. */
  readonly lines: readonly string[];
}

/**
 * Plays the boot on the model's banks, and makes of `bytes`, the whole disk before the boot, what it has to
 * be afterwards: nothing but boot.cfg may change.
 */
export function expectBoot(
  disk: MatrixDisk,
  bytes: Buffer,
  banks: readonly ModelBank[],
  person: Person = { wants: 'none' },
): Expectation {
  const { facts, io } = loaderIo(banks);
  const selection = selectBank(facts, io, person);
  for (const bank of banks) {
    const cfg = bank.bootCfg();
    if (cfg) bytes.set(cfg, disk.place(bank.partition, 'boot.cfg').offset);
  }
  return { facts, selection, lines: selection.events.map(loaderLine) };
}

/** Of what only helps a reader, the pure function has no events. */
const helpful: ReadonlySet<ConsoleEventType | undefined> = new Set([
  ...(['loader', 'menu', 'menu-entry', 'menu-keys', 'rollback-question'] as const),
  ...(['starting-kernel', 'rescue-bank', 'rescue-keys', 'rebooting'] as const),
]);

/** The lines that the pure function has an event for; GRUB may have drawn a menu before one. */
export function eventLines(lines: readonly string[]): string[] {
  return lines
    .filter((line) => line.includes(linePrefix) && !helpful.has(parseConsoleLine(line)?.type))
    .map((line) => line.slice(line.indexOf(linePrefix)));
}

/** The first line that is not what was expected, with everything that was on the screen. */
export function lineDifference(expected: readonly string[], screen: readonly string[]): string {
  const found = eventLines(screen);
  const length = Math.max(expected.length, found.length);
  for (let at = 0; at < length; at++) {
    const [wanted = 'no more', is = 'no more'] = [expected[at], found[at]];
    if (wanted === is) continue;
    return `line ${at + 1}: expected ${wanted}, found ${is}\n${screen.join('\n')}`;
  }
  return '';
}

/** What differs between the expected disk and the one found; empty when nothing does. */
export function diskDifference(disk: MatrixDisk, expected: Buffer, found: Buffer): string {
  if (expected.equals(found)) return '';
  const at = expected.findIndex((byte, index) => byte !== found[index]);
  for (const bank of disk.banks) {
    const { offset } = disk.place(bank, 'boot.cfg');
    if (at < offset || at >= offset + 1024) continue;
    const text = (bytes: Buffer) => bytes.toString('latin1', offset, offset + 60);
    const both = `expected ${JSON.stringify(text(expected))}, found ${JSON.stringify(text(found))}`;
    return `boot.cfg of bank ${bank} differs at byte ${at - offset}: ${both}`;
  }
  return `the disk differs at byte ${at}, which is in no boot.cfg`;
}
