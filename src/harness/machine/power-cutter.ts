import type { ConsoleLog, LinePattern } from '../console/console-log.ts';
import type { Fault } from '../faults/fault.ts';
import { type PowerCuts, powerCuts } from '../faults/power-cuts.ts';
import { type Plug, plug } from './plug.ts';

/** Cuts a machine's power at lines of its console, as soon as each is there. */
export interface PowerCutter {
  /** At the next line that matches; the power stays off. Throws `harness.no-line` when none comes in time. */
  at(line: LinePattern, timeoutMs: number): Promise<void>;
  /** Faults that happen from now on, beside those that wait. */
  add(fault: Fault): void;
  /** Ends a fault, or all. */
  remove(text?: string): void;
  waiting(): readonly Fault[];
  /** Whoever waits for a line waits for nothing. */
  giveUp(): void;
}

/** `cut` is called with the fault that does it, or without one when somebody asked. */
export function powerCutter(console: ConsoleLog, cut: (fault?: string) => void): PowerCutter {
  let faults: readonly Fault[] = [];
  let cuts: PowerCuts | undefined;
  let asked: Plug | undefined;
  console.onLine(({ text }) => {
    if (asked?.line.test(text)) {
      asked.pull();
      return cut();
    }
    if (cuts?.at(text) === undefined) return;
    const still = cuts.waiting();
    const fired = faults.find((fault) => !still.includes(fault));
    faults = still;
    cut(fired?.text);
  });
  const follow = (next: readonly Fault[]): void => {
    faults = next;
    cuts = next.length > 0 ? powerCuts(next) : undefined;
  };
  return {
    async at(line, timeoutMs) {
      const armed = plug(line, () => console.lines);
      asked = armed;
      const timer = setTimeout(armed.giveUp, timeoutMs);
      try {
        await armed.pulled;
      } finally {
        clearTimeout(timer);
        if (asked === armed) asked = undefined;
      }
    },
    add: (fault) => follow([...faults, fault]),
    remove: (text) => follow(faults.filter((one) => text !== undefined && one.text !== text)),
    waiting: () => faults,
    giveUp: () => asked?.giveUp(),
  };
}
