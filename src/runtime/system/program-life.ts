import type { ChildProcess } from 'node:child_process';
import { stuckProcess } from './start-program.ts';

/**
 * The life of a supervised program:
 *
 *     waiting ── what it depends on is there ──> starting ── it answers ──> running
 *                                                 ^  │                        │
 *                    after 1, 2, 4 ... 30 seconds │  └──────── it ends ───────┤
 *                                                 │                           v
 *                                                 └─────────────────────── pausing ── it has ended too often ──> failed
 *
 * One that is not wanted rests in idle: it is asked for before each start. A program without a socket is believed to run once it has lived for a second. `restart` leads to starting from everywhere, `stop` to
 * stopping, and to stopped when the program is gone.
 */
export type ProgramState =
  | 'waiting'
  | 'idle'
  | 'starting'
  | 'running'
  | 'pausing'
  | 'failed'
  | 'stopping'
  | 'stopped';

/** What is known of a supervised program. */
export interface ProgramReport {
  readonly state: ProgramState;
  /** Of the process that was started for it; undefined where there is none. */
  readonly pid: number | undefined;
  /** How often it was started again, whoever wanted it. */
  readonly restarts: number;
  /** How it ended the last time that nobody had asked it to; `time` is in milliseconds since 1970. */
  readonly lastEnd: { readonly why: string; readonly time: number } | undefined;
}

/** A supervised program, as its supervisor knows it. */
export interface Life {
  state: ProgramState;
  child: ChildProcess | undefined;
  /** Aborted when the child has ended: nobody waits for its answer any more. */
  answer: AbortController;
  restarts: number;
  /** Times of `performance.now()`. */
  begun: number;
  ends: number[];
  lastEnd: ProgramReport['lastEnd'];
  pauseMs: number;
  pause: NodeJS.Timeout | undefined;
  /** Somebody wants it to end: to begin again at once, or for good. */
  asked: 'restart' | 'stop' | undefined;
  /** It was well when it was started again on purpose, and is believed as much as before. */
  trusted: boolean;
}

export const believedMs = 1000;
/** One that was started again on purpose has so long before it is a problem that it does not answer. */
const restartGraceMs = 15_000;

/** Why it does not do its work now; `after` names what it waits for. */
export function problemOf(
  life: Life,
  { after, hasSocket }: { readonly after: readonly string[]; readonly hasSocket: boolean },
): string | undefined {
  const { state, asked, child, lastEnd, begun, pauseMs, trusted } = life;
  if (asked === 'stop' || state === 'idle') return undefined;
  if (state === 'waiting' && after.length > 0) return `it waits for ${after.join(', ')}`;
  const age = performance.now() - begun;
  if (state === 'failed') return `${lastEnd?.why}; it has ended too often and stays down`;
  if (child?.pid === undefined || state === 'pausing') return lastEnd?.why ?? 'it has ended';
  // A program that cannot run is there for a moment, too, each time that it is started; the more often it has ended, the longer it has to
  // live before it is believed.
  if (!trusted && lastEnd && age < Math.max(believedMs, pauseMs)) return lastEnd.why;
  if (state === 'starting' && !(trusted && age < restartGraceMs)) {
    return lastEnd?.why ?? (hasSocket ? 'it has not answered yet' : 'it has just been started');
  }
  const stuck = stuckProcess(child.pid);
  // One that was well and is started again ends because somebody wants it to.
  return asked === 'restart' && trusted ? undefined : stuck;
}
