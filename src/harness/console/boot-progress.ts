import type { ConsoleEvent } from '../../protocol/console-event.ts';
import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { LinePattern } from './console-log.ts';

/**
 * What became of a boot (docs/architecture.md; the contract's words). `reached` is one that was followed to a line
 * which somebody waited for, and no further: whether the system would have become ready is not known.
 */
export type Outcome = 'healthy' | 'reached' | 'unhealthy' | 'panic' | 'hang' | 'rescue' | 'timeout';

/** A VALID bank that is ill stays up, and has so long to become healthy after it has said so. */
export const recoveryTimeoutMs = 30_000;

/** How waiting for more of a boot ended. */
export type BootEnding =
  /** By what the console says. */
  | 'console'
  /** The loader speaks again: something reset the machine. */
  | 'reset'
  | 'power-cut'
  /** The machine is gone. */
  | 'closed'
  | 'timeout';

/** What the console has told of one boot so far. */
export interface BootProgress {
  see(line: string): void;
  /** Whether this line, not seen yet, belongs to the next boot. */
  startsNext(line: string): boolean;
  /** The outcome is clear, and nothing that comes changes it. */
  isOver(): boolean;
  /** A VALID bank is up and ill: it stays, and may become healthy at any time. A trial is reset in its time. */
  isIll(): boolean;
  judge(ending: BootEnding): { booted: number | null; outcome: Outcome };
}

/**
 * Follows one boot. Whatever becomes of a boot is decided here. With `until` it is over at a line that matches, in
 * place of the ready line; a panic, the rescue prompt and a reset that was announced come first, whatever matches.
 */
export function bootProgress(until?: LinePattern): BootProgress {
  const seen = {
    loader: false,
    /** The bank that was started last; a busy serial line can lose the loader's line, the system's own tells it too. */
    booted: null as number | null,
    trial: null as number | null,
    ill: false,
    resetting: false,
    ready: false,
    outcome: undefined as Outcome | undefined,
  };
  const follow = (event: ConsoleEvent): void => {
    switch (event.type) {
      case 'loader':
        seen.loader = true;
        return;
      case 'marks-written':
        if (event.bootstate === 2) seen.trial = event.bank;
        return;
      case 'unhealthy':
        seen.ill = true;
        seen.ready = false;
        seen.booted = event.bank ?? seen.booted;
        return;
      case 'ready':
        seen.ready = true;
        seen.booted = event.bank ?? seen.booted;
        return;
      case 'booting':
        seen.booted = event.bank ?? seen.booted;
        return;
      case 'resetting':
        seen.resetting = true;
        return;
      case 'rescue':
        // The prompt comes after the kernels that the loader could not start.
        seen.booted = null;
    }
  };
  const toldBy = (event: ConsoleEvent | undefined, line: string): Outcome | undefined => {
    if (event?.type === 'panic' || event?.type === 'rescue') return event.type;
    if (!until) return event?.type === 'ready' ? 'healthy' : undefined;
    if (seen.resetting || !until.test(line)) return undefined;
    return seen.ready ? 'healthy' : 'reached';
  };
  return {
    see(line) {
      const event = parseConsoleLine(line);
      if (event) follow(event);
      seen.outcome = toldBy(event, line) ?? seen.outcome;
    },
    startsNext: (line) => seen.loader && parseConsoleLine(line)?.type === 'loader',
    isOver: () => seen.outcome !== undefined,
    isIll: () => seen.ill && seen.trial !== seen.booted,
    judge(ending) {
      const { booted, outcome, ill, resetting } = seen;
      if (outcome !== undefined && ending === 'console') return { booted, outcome };
      if (resetting || (ill && ending !== 'power-cut')) return { booted, outcome: 'unhealthy' };
      // What ends without a word was reset by something that the console does not show.
      return { booted, outcome: ending === 'timeout' ? 'timeout' : 'hang' };
    },
  };
}
