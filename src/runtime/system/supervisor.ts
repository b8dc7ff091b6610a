import type { ChildProcess } from 'node:child_process';
import { firstAnswer } from './first-answer.ts';
import {
  believedMs,
  type Life,
  type ProgramReport,
  type ProgramState,
  problemOf,
} from './program-life.ts';
import { type Program, startProgram } from './start-program.ts';

export interface Supervised {
  readonly name: string;
  /** Why it does not do its work now; undefined where it does, or was stopped for good. */
  problem(): string | undefined;
}

/** The same for whoever started it. */
export interface Running extends Supervised {
  report(): ProgramReport;
  /** Returns once it runs or has failed for the first time, or is stopped: others may have waited for it. */
  readonly settled: Promise<void>;
  /**
   * Ends the program and starts it again at once, as its arguments have changed, or as somebody wants one that is down to be tried anew.
   * Returns when it runs, or why it does not.
   */
  restart(): Promise<string | undefined>;
  /** Ends the program for good; returns when it is gone. */
  stop(): Promise<void>;
}

export interface Supervision {
  /** Asked before each start; once it says no, it rests until `restart`. Default: always. */
  wanted?(): boolean;
  /** Hears the standard output, which is thrown away otherwise. */
  onOutput?(chunk: Buffer): void;
  /** Hears why the program ended, each time it does. */
  onEnd?(why: string): void;
  /** The first pause before a new start. */
  readonly pauseMs?: number;
  /** What has to be there before the first start, and its name. */
  readonly after?: { readonly names: readonly string[]; readonly ready: Promise<unknown> };
  /** It stays down once it has ended so often in so long. Default: it is tried for ever. */
  readonly giveUp?: { readonly ends: number; readonly withinMs: number };
  /** Milliseconds since 1970, for reports. */
  now?(): number;
}

/** A program that lived so long has recovered from whatever ended it before. */
const settledMs = 60_000;
const longestPauseMs = 30_000;
/** A program that does not end by SIGTERM in this time is killed. */
const killTimeoutMs = 5000;

/**
 * Starts a program and starts it again whenever it ends, after 1, 2, 4… up to 30 seconds: a program that
 * cannot run must not take the machine with it.
 */
export function supervise(program: Program, supervision: Supervision = {}): Running {
  const { wanted = () => true, onOutput, onEnd = () => {}, after, giveUp } = supervision;
  const { now = Date.now, pauseMs: firstPauseMs = 1000 } = supervision;
  const { socket, group } = program;
  const life: Life = {
    state: 'waiting',
    child: undefined,
    answer: new AbortController(),
    restarts: 0,
    begun: 0,
    ends: [],
    lastEnd: undefined,
    pauseMs: firstPauseMs,
    pause: undefined,
    asked: undefined,
    trusted: false,
  };
  const waiting: ((problem: string | undefined) => void)[] = [];
  /** Those that wait hear whether it runs now; what is under way has no news for them. */
  const enter = (state: ProgramState, problem?: string): void => {
    life.state = state;
    if (state === 'starting' || state === 'stopping') return;
    for (const heard of waiting.splice(0)) heard(problem);
  };
  const next = (): Promise<string | undefined> =>
    new Promise((resolve) => void waiting.push(resolve));

  const start = (again = false): void => {
    clearTimeout(life.pause);
    if (life.asked === 'stop') return;
    if (!wanted()) {
      life.asked = undefined;
      enter('idle');
      return;
    }
    if (again) life.restarts++;
    if (life.asked !== 'restart') life.trusted = false;
    life.asked = undefined;
    life.begun = performance.now();
    life.answer = new AbortController();
    enter('starting');
    let over = false;
    const ended = (why: string): void => {
      if (over) return;
      over = true;
      life.answer.abort();
      life.child = undefined;
      if (life.asked === 'stop') enter('stopped', 'it was stopped');
      else if (life.asked === 'restart') startAgain();
      else pauseAfter(why);
    };
    try {
      life.child = startProgram(program, { onOutput, onEnd: ended });
    } catch (error) {
      // Arguments that cannot be made are a program that cannot run.
      ended((error as Error).message);
      return;
    }
    void believe(life.answer.signal);
  };
  const startAgain = (): void => start(true);
  const believe = async (signal: AbortSignal): Promise<void> => {
    if (socket === undefined) {
      const timer = setTimeout(() => enter('running'), believedMs);
      signal.addEventListener('abort', () => clearTimeout(timer));
      return;
    }
    await firstAnswer(socket, signal).then(
      () => !signal.aborted && enter('running'),
      () => {},
    );
  };
  const pauseAfter = (why: string): void => {
    const time = performance.now();
    if (time - life.begun > settledMs) life.pauseMs = firstPauseMs;
    life.lastEnd = { why, time: now() };
    life.ends = [...life.ends, time].filter((end) => time - end < (giveUp?.withinMs ?? 0));
    if (giveUp && life.ends.length >= giveUp.ends) {
      onEnd(`${why}; it has ended ${life.ends.length} times and stays down`);
      enter('failed', why);
      return;
    }
    onEnd(why);
    life.pause = setTimeout(startAgain, life.pauseMs);
    life.pauseMs = Math.min(life.pauseMs * 2, longestPauseMs);
    enter('pausing', why);
  };
  const end = ({ pid }: ChildProcess): void => {
    const ending = life.child;
    if (group && pid !== undefined) group.terminate(pid);
    else ending?.kill();
    setTimeout(() => {
      if (life.child !== ending) return;
      group?.kill();
      ending?.kill('SIGKILL');
    }, killTimeoutMs).unref();
  };

  const problem = (): string | undefined =>
    problemOf(life, { after: after?.names ?? [], hasSocket: socket !== undefined });
  const settled = next().then(() => {});
  if (after) void after.ready.then(() => life.state === 'waiting' && start());
  else start();
  return {
    name: program.name,
    settled,
    report: () => {
      const { state, child, restarts, lastEnd } = life;
      return { state, pid: child?.pid, restarts, lastEnd };
    },
    restart: () => {
      if (life.asked === 'stop') return Promise.resolve('it was stopped');
      const begins = next();
      if (life.asked === 'restart') return begins;
      life.trusted = problem() === undefined;
      life.ends = [];
      life.asked = 'restart';
      if (life.child) end(life.child);
      else if (life.state === 'waiting' || life.state === 'idle') start();
      else startAgain();
      return begins;
    },
    stop: () => {
      if (life.asked === 'stop') return life.child ? next().then(() => {}) : Promise.resolve();
      life.asked = 'stop';
      clearTimeout(life.pause);
      if (!life.child) {
        enter('stopped', 'it was stopped');
        return Promise.resolve();
      }
      enter('stopping');
      const gone = next().then(() => {});
      end(life.child);
      return gone;
    },
    problem,
  };
}
