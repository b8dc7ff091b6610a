import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { killable } from './oom-score.ts';
import type { ProgramGroup } from './program-group.ts';
import { type Handed, openListener } from './unix-socket.ts';

/** A program that vmkd keeps running. */
export interface Program {
  readonly name: string;
  readonly path: string;
  /** Asked for at each start where they can change. */
  readonly args: readonly string[] | (() => readonly string[]);
  /** Path of a Unix socket that is opened for it at each start; it has it as descriptor 3 ({@link openListener}). */
  readonly socket?: string;
  /** Opened for it at each start, too: it has them as descriptors 4, 5 and so on. */
  readonly opens?: readonly (() => Handed)[];
  /** The control group that it puts itself into, where it has one of its own. */
  readonly group?: ProgramGroup;
}

export interface StartOptions {
  /** Hears the standard output, which is thrown away otherwise. */
  readonly onOutput: ((chunk: Buffer) => void) | undefined;
  /** May hear of its end twice. */
  onEnd(why: string): void;
}

/** What a program that has ended has still in its pipe is waited for so long. */
const outputTimeoutMs = 500;

/** Starts a program once. Throws what keeps its arguments from being made. */
export function startProgram(program: Program, { onOutput, onEnd }: StartOptions): ChildProcess {
  const { path, args, socket, opens = [], group } = program;
  const words = typeof args === 'function' ? args() : args;
  const output = onOutput ? 'pipe' : 'ignore';
  const limits = group?.watchLimits();
  const handed = openAll([...(socket === undefined ? [] : [() => openListener(socket)]), ...opens]);
  const noSocket = socket === undefined && opens.length > 0 ? ['ignore' as const] : [];
  const child = spawn(path, words, {
    stdio: ['ignore', output, 'ignore', ...noSocket, ...handed.map(({ fd }) => fd)],
  });
  for (const one of handed) one.close();
  killable(child);
  if (onOutput) child.stdout?.on('data', onOutput);
  const endedBy = (code: number | null, signal: NodeJS.Signals | null): void => {
    const by = signal ?? signalOf(code);
    onEnd(limits?.() ?? (by ? `it was ended by ${by}` : `it ended with exit code ${code}`));
  };
  child.once('error', (error) => onEnd(error.message));
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

/** All of them or none. */
function openAll(opens: readonly (() => Handed)[]): Handed[] {
  const handed: Handed[] = [];
  try {
    for (const open of opens) handed.push(open());
    return handed;
  } catch (error) {
    for (const one of handed) one.close();
    throw error;
  }
}

/** The signal that ended the program of a world: bwrap's exit code is then 128 and its number, as a shell's. */
function signalOf(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => 128 + number === code)?.[0];
}

/** A process that is stopped, or dead and not yet reaped, does no work though it is there (proc(5)). */
export function stuckProcess(pid: number): string | undefined {
  try {
    const state = /.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state && 'TtZX'.includes(state) ? `its process is in state ${state}` : undefined;
  } catch {
    return 'its process is gone';
  }
}
