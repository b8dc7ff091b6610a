import type { Person } from '../../src/bootloader/selection.ts';
import type { BankState, Damage, Marks } from './bank-state.ts';
import type { Key, PlannedBoot, Press } from './planned-boots.ts';
import type { BootRule } from './rules-seen.ts';

type Way = 'serial' | 'vga';

const esc: Record<Way, Key> = { serial: { serial: '\u001b' }, vga: { vga: 'esc' } };

/** A character as a key of either: `R` is shift and r on the keyboard. */
function key(way: Way, character: string): Key {
  if (way === 'serial') return { serial: character };
  const lower = character.toLowerCase();
  return { vga: character === lower ? lower : `shift-${lower}` };
}

function bank(marks: Marks, ...damage: Damage[]): BankState {
  return { marks, damage };
}

const wrong: Damage = { what: 'flip', file: 'vmkernel' };
const half: Damage = { what: 'torn', at: 512 };

/** The last line of the scan: from here on the hidden menu takes keys. */
const scanned = 'twinbank: bank 6 ';
const menu = (way: Way, character: string): Press[] => [
  [scanned, esc[way]],
  ['goes on by itself', key(way, character)],
];

interface Scene {
  readonly rule: BootRule;
  readonly title: string;
  readonly five: BankState;
  readonly six: BankState;
  readonly person: Person;
  presses(way: Way): readonly Press[];
}

const once = (partition: number): Person => ({ wants: 'boot', partition });
const rollback: Person = { wants: 'rollback' };
const none: Person = { wants: 'none' };

const scenes: readonly Scene[] = [
  {
    ...{ rule: 'once', title: 'Esc, 2: the other bank once', person: once(6) },
    ...{ five: bank('00-'), six: bank('00-'), presses: (way) => menu(way, '2') },
  },
  {
    ...{ rule: 'once', title: 'Esc, 1: an exhausted bank once', person: once(5) },
    ...{ five: bank('03B'), six: bank('00-'), presses: (way) => menu(way, '1') },
  },
  {
    ...{ rule: 'trial-marked', title: 'Esc, 2: a trial once', person: once(6) },
    ...{ five: bank('00-'), six: bank('10-'), presses: (way) => menu(way, '2') },
  },
  {
    ...{ rule: 'once-invalid', title: 'Esc, 2: an INVALID bank once', person: once(6) },
    ...{
      five: bank('00-'),
      six: bank('31R'),
      presses: (way) => [[' bank 6 refused', esc[way]], menu(way, '2')[1]!],
    },
  },
  {
    ...{ rule: 'once-refused', title: 'Esc, 2: a wrong INVALID bank', person: once(6) },
    ...{
      five: bank('00-'),
      six: bank('30T', wrong),
      presses: (way) => [[' bank 6 refused', esc[way]], menu(way, '2')[1]!],
    },
  },
  {
    ...{ rule: 'counted', title: 'Esc, Esc: goes on', person: none },
    five: bank('00-'),
    six: bank('00-'),
    presses: (way) => [
      [scanned, esc[way]],
      ['goes on by itself', esc[way]],
    ],
  },
  {
    ...{ rule: 'rollback', title: 'r, y: rolls back', person: rollback },
    ...{ five: bank('01-'), six: bank('00-') },
    presses: (way) => [
      [scanned, key(way, 'r')],
      ['press y', key(way, 'y')],
    ],
  },
  {
    ...{ rule: 'rollback', title: 'Esc, R, Y: rolls back a trial', person: rollback },
    ...{ five: bank('10-'), six: bank('02-') },
    presses: (way) => [...menu(way, 'R'), ['press y', key(way, 'Y')]],
  },
  {
    ...{ rule: 'counted', title: 'r, Esc: does not roll back', person: none },
    ...{ five: bank('00-'), six: bank('00-') },
    presses: (way) => [
      [scanned, key(way, 'r')],
      ['press y', esc[way]],
    ],
  },
  {
    ...{ rule: 'rollback-no-other', title: 'R: the other is exhausted', person: rollback },
    ...{ five: bank('00-'), six: bank('03-') },
    presses: (way) => [[scanned, key(way, 'R')]],
  },
  {
    ...{ rule: 'rollback-wrong', title: 'r, y: the other is wrong', person: rollback },
    ...{ five: bank('00-'), six: bank('00-', wrong) },
    presses: (way) => [
      [scanned, key(way, 'r')],
      ['press y', key(way, 'y')],
    ],
  },
  {
    ...{ rule: 'rollback-unwritable', title: 'r, y: cannot be written', person: rollback },
    ...{ five: bank('00-', half), six: bank('00-') },
    presses: (way) => [
      [scanned, key(way, 'r')],
      ['press y', key(way, 'y')],
    ],
  },
];

/** What a person at the console does: every scene on the serial line, and on the VGA keyboard. */
export const consoleBoots: readonly PlannedBoot[] = [...inWays('serial'), ...inWays('vga')];

/** Every scene once, by turns on the serial line and on the keyboard; `first` is the way of the first one. */
export function consoleBootsByTurns(first: Way): PlannedBoot[] {
  const other = first === 'serial' ? 'vga' : 'serial';
  return scenes.map((scene, index) => inWay(scene, index % 2 === 0 ? first : other));
}

function inWays(way: Way): PlannedBoot[] {
  return scenes.map((scene) => inWay(scene, way));
}

function inWay({ rule, title, five, six, person, presses }: Scene, way: Way): PlannedBoot {
  return {
    ...{ rule, person, presses: presses(way) },
    title: `${way === 'serial' ? 'serial line' : 'keyboard'}: ${title}`,
    states: new Map([
      [5, { ...five, updated: 2 }],
      [6, { ...six, updated: 1 }],
    ]),
  };
}
