import type { Person } from '../../bootloader/selection.ts';
import type { TestMachine } from './test-machine.ts';

/** The keys of a choice, the first at the loader's hidden prompt, each further one at the line that asks for it. */
interface Choice {
  readonly first: string;
  /** The loader's answer to the first key. */
  readonly heard: RegExp;
  /** What asks for the second key, or tells it. */
  readonly asks: RegExp;
  readonly second: string | 'told';
}

function choiceOf(person: Person): Choice | undefined {
  switch (person.wants) {
    case 'none':
      return undefined;
    case 'rollback':
      return {
        first: 'r',
        heard: /twinbank: roll(?:ed| ?back)/,
        asks: /twinbank: roll back from bank .*: press y/,
        second: 'y',
      };
    case 'boot':
      return {
        first: 'esc',
        heard: /twinbank: menu/,
        asks: new RegExp(`twinbank: menu: (\\d) boots bank ${person.partition} once`),
        second: 'told',
      };
  }
}

/** So long after the last line of its scan the loader waits for keys, unseen, for two seconds or more. */
const settleMs = 200;
/** A key that was not answered by then was not heard. */
const againMs = 1000;

/**
 * Presses a person's keys at the loader, the next time that it starts. The hidden prompt says nothing of itself: it
 * begins when both banks have been listed and nothing more comes.
 */
export function pressAtLoader(
  console: TestMachine['console'],
  person: Person,
  press: (key: string) => Promise<void>,
): void {
  const choice = choiceOf(person);
  let phase: 'before' | 'scan' | 'pressed' | 'over' = choice ? 'before' : 'over';
  const banks = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const push = (key: string): void => {
    // A machine that has gone meanwhile hears nothing, and says so elsewhere.
    void press(key).catch(() => clearTimeout(timer));
  };
  const pressFirst = (): void => {
    phase = 'pressed';
    if (choice) push(choice.first);
    timer = setTimeout(pressFirst, againMs);
  };
  console.onLine(({ text }) => {
    if (phase === 'over' || !choice || !text.includes('twinbank: ')) return;
    if (/twinbank: loader$/.test(text)) {
      phase = 'scan';
      banks.clear();
      clearTimeout(timer);
      return;
    }
    if (phase === 'before') return;
    const bank = /twinbank: bank (\d+) /.exec(text)?.[1];
    if (bank !== undefined && phase === 'scan') {
      banks.add(bank);
      clearTimeout(timer);
      if (banks.size > 1) timer = setTimeout(pressFirst, settleMs);
      return;
    }
    // An answer, or the loader went on without a person.
    clearTimeout(timer);
    const asked = choice.asks.exec(text);
    if (asked) push(choice.second === 'told' ? (asked[1] ?? '') : choice.second);
    if (asked || !choice.heard.test(text)) phase = 'over';
  });
}
