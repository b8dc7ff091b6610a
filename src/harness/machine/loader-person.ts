import type { Person } from '../../bootloader/selection.ts';
import type { ConsoleEvent } from '../../protocol/console-event.ts';
import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { TestMachine } from './test-machine.ts';

/** The keys of a choice, the first at the loader's hidden prompt, each further one at the line that asks for it. */
interface Choice {
  readonly first: string;
  /** The loader's answer to the first key. */
  isHeard(event: ConsoleEvent): boolean;
  /** The second key, where this asks for it. */
  second(event: ConsoleEvent): string | undefined;
}

function choiceOf(person: Person): Choice | undefined {
  switch (person.wants) {
    case 'none':
      return undefined;
    case 'rollback':
      return {
        first: 'r',
        isHeard: ({ type }) => type === 'rollback-question' || type === 'rollback-refused',
        second: ({ type }) => (type === 'rollback-question' ? 'y' : undefined),
      };
    case 'boot':
      return {
        first: 'esc',
        isHeard: ({ type }) => type === 'menu' || type === 'menu-entry' || type === 'menu-keys',
        second: (event) =>
          event.type === 'menu-entry' && event.bank === person.partition ? event.key : undefined,
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
  const banks = new Set<number>();
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
    const event = phase === 'over' ? undefined : parseConsoleLine(text);
    if (!choice || !event) return;
    if (event.type === 'loader') {
      phase = 'scan';
      banks.clear();
      clearTimeout(timer);
      return;
    }
    if (phase === 'before') return;
    if (phase === 'scan' && isOfScan(event)) {
      banks.add(event.bank);
      clearTimeout(timer);
      if (banks.size > 1) timer = setTimeout(pressFirst, settleMs);
      return;
    }
    // An answer, or the loader went on without a person.
    clearTimeout(timer);
    const second = choice.second(event);
    if (second !== undefined) push(second);
    if (second !== undefined || !choice.isHeard(event)) phase = 'over';
  });
}

/** The loader lists the banks, writes marks and refuses some before it waits for keys. */
function isOfScan(event: ConsoleEvent): event is Extract<ConsoleEvent, { bank: number }> {
  const types = ['bank', 'marks-written', 'marks-not-written', 'refused'];
  return types.includes(event.type);
}
