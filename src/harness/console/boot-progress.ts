import { type Outcome, startedBank } from './judge.ts';

/** How waiting for more of a boot ended. */
export type BootEnding =
  /** By what the console says. */
  | 'told'
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

export function bootProgress(): BootProgress {
  let loader = false;
  let booted: number | null = null;
  let trial: number | null = null;
  let ill = false;
  let resetting = false;
  let told: Outcome | undefined;
  return {
    see(line) {
      if (/twinbank: loader$/.test(line)) loader = true;
      const marked = /twinbank: bank (\d+) set bootstate=2 /.exec(line)?.[1];
      if (marked !== undefined) trial = Number(marked);
      booted = startedBank(line) ?? booted;
      if (/twinbank: unhealthy /.test(line)) ill = true;
      if (/twinbank: resetting: /.test(line)) resetting = true;
      if (/twinbank: ready /.test(line)) told = 'healthy';
      if (/Kernel panic - not syncing/.test(line)) told = 'panic';
      if (/twinbank: rescue: no bank can be booted/.test(line)) {
        told = 'rescue';
        booted = null;
      }
    },
    startsNext: (line) => loader && /twinbank: loader$/.test(line),
    isOver: () => told !== undefined,
    isIll: () => ill && trial !== booted,
    judge(ending) {
      if (told !== undefined && ending === 'told') return { booted, outcome: told };
      if (resetting || (ill && ending !== 'power-cut')) return { booted, outcome: 'unhealthy' };
      // What ends without a word was reset by something that the console does not show.
      return { booted, outcome: ending === 'timeout' ? 'timeout' : 'hang' };
    },
  };
}
