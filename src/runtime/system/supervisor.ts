import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { openListener } from './unix-socket.ts';

/** A program that vmkd keeps running. */
export interface Program {
  readonly name: string;
  readonly path: string;
  /** Asked for at each start where they can change. */
  readonly args: readonly string[] | (() => readonly string[]);
  /** Path of a Unix socket that is opened for it at each start; it has it as descriptor 3 ({@link openListener}). */
  readonly socket?: string;
}

export interface Supervised {
  readonly name: string;
  /** Why it does not do its work now; undefined where it does, or was stopped for good. */
  problem(): string | undefined;
}

/** The same for whoever started it. */
export interface Running extends Supervised {
  /** Ends the program and starts it again at once, as its arguments have changed. */
  restart(): void;
  /** Ends the program for good; returns when it is gone. */
  stop(): Promise<void>;
}

export interface Supervision {
  /** Asked before each start; once it says no, that is the end. Default: always. */
  wanted?(): boolean;
  /** Hears the standard output, which is thrown away otherwise. */
  onOutput?(chunk: Buffer): void;
  /** Hears why the program ended, each time it does. */
  onEnd?(why: string): void;
  /** The first pause before a new start. */
  readonly pauseMs?: number;
}

/** A program that lived so long has recovered from whatever ended it before. */
const settledMs = 60_000;
const longestPauseMs = 30_000;
const believedMs = 1000;
/** A program that does not end by SIGTERM in this time is killed. */
const killTimeoutMs = 5000;
/** What a program that has ended has still in its pipe is waited for so long. */
const outputTimeoutMs = 500;

/**
 * Starts a program and starts it again whenever it ends, after 1, 2, 4… up to 30 seconds: a program that
 * cannot run must not take the machine with it.
 */
export function supervise(program: Program, supervision: Supervision = {}): Running {
  const { wanted = () => true, onOutput, onEnd = () => {} } = supervision;
  let child: ChildProcess | undefined;
  const firstPauseMs = supervision.pauseMs ?? 1000;
  let pauseMs = firstPauseMs;
  let last: string | undefined;
  let begun = 0;
  let next: NodeJS.Timeout | undefined;
  /** Somebody wants it to end: to begin again at once, or for good. */
  let asked: 'restart' | 'stop' | undefined;
  let stopped: Promise<void> | undefined;
  let gone = (): void => {};
  const start = (): void => {
    if (asked === 'stop' || !wanted()) return;
    // One that is started again on purpose is believed as much as before.
    if (asked === undefined) begun = performance.now();
    asked = undefined;
    let over = false;
    const ended = (why: string): void => {
      if (over) return;
      over = true;
      child = undefined;
      if (asked !== undefined) {
        if (asked === 'stop') gone();
        else start();
        return;
      }
      last = why;
      if (performance.now() - begun > settledMs) pauseMs = firstPauseMs;
      onEnd(why);
      next = setTimeout(start, pauseMs);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    };
    try {
      child = spawnProgram(program, onOutput, ended);
    } catch (error) {
      // Arguments that cannot be made are a program that cannot run.
      ended((error as Error).message);
    }
  };
  const end = (): void => {
    const ending = child;
    ending?.kill();
    setTimeout(() => {
      if (child === ending) ending?.kill('SIGKILL');
    }, killTimeoutMs).unref();
  };
  start();
  return {
    name: program.name,
    restart: () => {
      // One that is down is started with its new arguments anyway.
      if (!child || asked) return;
      asked = 'restart';
      end();
    },
    stop: () => {
      asked = 'stop';
      clearTimeout(next);
      stopped ??= new Promise((resolve) => {
        gone = resolve;
        if (child) end();
        else resolve();
      });
      return stopped;
    },
    problem: () => {
      if (asked === 'stop') return undefined;
      // A program that cannot run is there for a moment, too, each time that it is started; the more
      // often it has ended, the longer it has to live before it is believed.
      const enough = last === undefined ? believedMs : Math.max(believedMs, pauseMs);
      const believed = performance.now() - begun >= enough;
      if (child?.pid === undefined || !believed) return last ?? 'it has just been started';
      return stuck(child.pid);
    },
  };
}

/** Starts the program once; `ended` may hear of its end twice. Throws what keeps its arguments from being made. */
function spawnProgram(
  { path, args, socket }: Program,
  onOutput: Supervision['onOutput'],
  ended: (why: string) => void,
): ChildProcess {
  const words = typeof args === 'function' ? args() : args;
  const output = onOutput ? 'pipe' : 'ignore';
  const listener = socket === undefined ? undefined : openListener(socket);
  const child = spawn(path, words, {
    stdio: ['ignore', output, 'ignore', ...(listener ? [listener.fd] : [])],
  });
  listener?.close();
  if (onOutput) child.stdout?.on('data', onOutput);
  const endedBy = (code: number | null, signal: NodeJS.Signals | null): void => {
    const by = signal ?? signalOf(code);
    ended(by ? `it was ended by ${by}` : `it ended with exit code ${code}`);
  };
  child.once('error', (error) => ended(error.message));
  // What it said last is heard first; a child of its own that keeps its output open is not waited for.
  child.once('exit', (code, signal) => {
    const timer = setTimeout(endedBy, outputTimeoutMs, code, signal);
    child.once('close', () => {
      clearTimeout(timer);
      endedBy(code, signal);
    });
  });
  return child;
}

/** The signal that ended the program of a world: bwrap's exit code is then 128 and its number, as a shell's. */
function signalOf(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => 128 + number === code)?.[0];
}

/** A process that is stopped, or dead and not yet reaped, does no work though it is there (proc(5)). */
function stuck(pid: number): string | undefined {
  try {
    const state = /.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state && 'TtZX'.includes(state) ? `its process is in state ${state}` : undefined;
  } catch {
    return 'its process is gone';
  }
}
