import type { QemuMachine } from '../qemu/qemu.ts';
import type { LiveStory, RunningSystem } from './live-story.ts';

/** What a host's life comes to; each happens once, `button` and `ready` once in each boot. */
export type Turn = 'button' | 'ready' | 'ended' | 'stop' | 'timeout';

/** Waits for one of some turns; those that have come stay (those of a boot until the next), and the first that is named counts. */
export type NextTurn = (...wanted: readonly Turn[]) => Promise<Turn>;

export interface TurnOptions {
  /** Ends the host in order. */
  readonly stop: AbortSignal;
  /** From each start of the machine to the ready line; undefined: none. */
  readonly readyTimeoutMs?: number;
  /** Called where the machine starts again after it was ready. */
  onReboot?(): void;
  /** Called where it is ready after such a start. */
  onReadyAgain?(system: RunningSystem): void;
}

/** Follows a machine's console into its story, until `forget`. */
export function followTurns(
  machine: QemuMachine,
  story: LiveStory,
  { stop, readyTimeoutMs, onReboot, onReadyAgain }: TurnOptions,
): { readonly next: NextTurn; forget(): void } {
  const come = new Set<Turn>();
  const waiting = new Set<() => void>();
  const happen = (turn: Turn): void => {
    if (come.has(turn)) return;
    come.add(turn);
    for (const look of [...waiting]) look();
  };
  let timer: NodeJS.Timeout | undefined;
  const expectReady = (): void => {
    if (readyTimeoutMs !== undefined) timer = setTimeout(() => happen('timeout'), readyTimeoutMs);
  };
  expectReady();
  machine.console.onEveryLine(({ text }) => {
    const wasReady = story.wasReady();
    if (story.see(text)) {
      come.delete('button');
      come.delete('ready');
      if (wasReady) {
        // Before that, all the starts together have this time.
        clearTimeout(timer);
        expectReady();
        onReboot?.();
      }
    }
    if (story.hearsButton()) happen('button');
    const system = story.ready();
    if (system && !come.has('ready')) {
      clearTimeout(timer);
      happen('ready');
      if (wasReady) onReadyAgain?.(system);
    }
    // Minutes later it would reset itself; who watches may press a key.
    if (story.isAtRescue() && readyTimeoutMs !== undefined) happen('timeout');
  });
  void machine.ended.then(() => happen('ended'));
  const onStop = (): void => happen('stop');
  if (stop.aborted) onStop();
  stop.addEventListener('abort', onStop, { once: true });
  return {
    next: (...wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          const first = wanted.find((one) => come.has(one));
          if (first === undefined) return;
          waiting.delete(look);
          resolve(first);
        };
        waiting.add(look);
        look();
      }),
    forget() {
      clearTimeout(timer);
      stop.removeEventListener('abort', onStop);
    },
  };
}

/** What a promise gives, or undefined once the time is over. */
export async function orTimeout<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, ms), undefined);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
