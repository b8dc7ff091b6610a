import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { Outcome } from '../console/boot-progress.ts';
import { type BootEnding, bootProgress } from '../console/boot-progress.ts';
import type { ConsoleLine } from '../console/console-log.ts';
import { bootTimeline, timedEvents } from '../console/timeline.ts';
import type { TestMachine } from '../machine/test-machine.ts';
import type { ScenarioEvent } from './step-context.ts';

/** One boot of the machine so far. */
export interface WatchedBoot {
  readonly number: number;
  /** Its first line in `lines`. */
  readonly from: number;
  booted: number | null;
  build: string | null;
  /** What became of it; undefined while that is open. */
  outcome: Outcome | undefined;
}

/** What a machine has told so far; plain data, so that a snapshot can take it along. */
export interface WatchState {
  readonly lines: readonly ConsoleLine[];
  readonly boots: readonly WatchedBoot[];
}

/** Follows a machine's console over all its boots, and tells the report of lines, boots and power. */
export interface MachineWatch {
  /** Since the machine was made, those before a snapshot too; seconds since the power-on that they belong to. */
  readonly lines: readonly ConsoleLine[];
  readonly boots: readonly WatchedBoot[];
  /** A VALID bank is up and ill since so many milliseconds; 0 when it is not. */
  illMs(): number;
  /**
   * Waits until `test` gives something; it is asked now, after every line, and four times a second for what no line
   * tells. Ends without it after `timeoutMs`, and as soon as nothing of the machine changes any more. Rejects with the signal's
   * reason, and with that of a machine that is lost.
   */
  until<T>(
    test: () => T | undefined,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<WaitEnd<T>>;
  /** A copy of what is known. */
  state(): WatchState;
}

/** What was awaited, or why it is not awaited any more. */
export type WaitEnd<T> = { readonly found: T } | { readonly without: 'timeout' | 'settled' };

/** What no line tells: a machine that went off, or is lost. */
const askMs = 250;

/** The build that a line says was started. */
function buildOf(line: string): string | undefined {
  const event = parseConsoleLine(line);
  switch (event?.type) {
    case 'booting':
    case 'ready':
    case 'unhealthy':
      return event.build;
    default:
      return undefined;
  }
}

/** Attach it to a machine after `restore`: `begun` is what the snapshot's own watch knew. */
export function watchMachine(
  machine: Pick<TestMachine, 'console' | 'onPower' | 'lost' | 'settled'>,
  emit: (event: ScenarioEvent) => void,
  begun: WatchState = { lines: [], boots: [] },
): MachineWatch {
  const lines: ConsoleLine[] = [...begun.lines];
  const boots: WatchedBoot[] = begun.boots.map((boot) => ({ ...boot }));
  const waiting = new Set<() => boolean>();
  let progress = bootProgress();
  let illSince: number | undefined;

  const settle = (boot: WatchedBoot, outcome: Outcome): void => {
    boot.outcome = outcome;
    const { number, booted, build } = boot;
    const stages = bootTimeline(timedEvents(lines.slice(boot.from)));
    emit({ type: 'boot', boot: number, booted, outcome, build, stages });
  };
  const close = (ending: BootEnding): void => {
    const boot = boots.at(-1);
    if (boot && boot.outcome === undefined) settle(boot, progress.judge(ending).outcome);
  };
  const open = (): void => {
    progress = bootProgress();
    illSince = undefined;
    const number = (boots.at(-1)?.number ?? 0) + 1;
    boots.push({ number, from: lines.length, booted: null, build: null, outcome: undefined });
  };
  const see = (line: ConsoleLine): void => {
    const { text } = line;
    const boot = boots.at(-1);
    lines.push(line);
    emit({ type: 'console', boot: boot?.number ?? 0, ...line });
    if (!boot) return;
    progress.see(text);
    boot.booted = progress.judge('timeout').booted;
    boot.build = buildOf(text) ?? boot.build;
    illSince = progress.isIll() ? (illSince ?? performance.now()) : undefined;
    if (!progress.isOver()) return;
    illSince = undefined;
    if (boot.outcome === undefined) settle(boot, progress.judge('console').outcome);
  };
  const askAll = (): void => {
    for (const ask of [...waiting]) ask();
  };
  machine.console.onLine((line) => {
    see(line);
    askAll();
  });
  machine.onPower(({ what, fault }) => {
    const boot = boots.at(-1)?.number ?? 0;
    if (what !== 'on') close(what === 'reset' ? 'reset' : 'power-cut');
    if (fault !== undefined) emit({ type: 'fault', boot, text: fault });
    const opens = what === 'on' || what === 'reset';
    emit({ type: 'power', what, boot: opens ? boot + 1 : boot });
    if (opens) open();
    askAll();
  });

  return {
    lines,
    boots,
    illMs: () => (illSince === undefined ? 0 : performance.now() - illSince),
    until(test, { timeoutMs, signal }) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const ask = (): boolean => {
          try {
            const found = test();
            const lost = found === undefined ? machine.lost() : undefined;
            if (lost) throw lost;
            if (found !== undefined) finish(() => resolve({ found }));
            return found !== undefined;
          } catch (error) {
            finish(() => reject(error));
            return true;
          }
        };
        // What settled before it was asked stays as it is.
        const askAndSettle = async (): Promise<void> => {
          const settled = await machine.settled?.();
          if (waiting.has(ask) && !ask() && settled) finish(() => resolve({ without: 'settled' }));
        };
        const onAbort = (): void => finish(() => reject(signal.reason));
        const finish = (end: () => void): void => {
          clearTimeout(timer);
          clearInterval(clock);
          waiting.delete(ask);
          signal.removeEventListener('abort', onAbort);
          end();
        };
        const timer = setTimeout(() => finish(() => resolve({ without: 'timeout' })), timeoutMs);
        const clock = setInterval(() => void askAndSettle(), askMs);
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.add(ask);
        if (!ask()) void askAndSettle();
      });
    },
    state: () => ({ lines: [...lines], boots: boots.map((boot) => ({ ...boot })) }),
  };
}
