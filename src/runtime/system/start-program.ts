import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { handoverDescriptor } from './handover.ts';
import { killable } from './oom-score.ts';
import type { ProgramGroup } from './program-group.ts';
import { type Handed, openListener } from './unix-socket.ts';
import { vmkdDescriptor } from './vmkd-connection.ts';

/** A program that vmkd keeps running. */
export interface Program {
  readonly name: string;
  readonly path: string;
  /** Asked for at each start where they can change. */
  readonly args: readonly string[] | (() => readonly string[]);
  /** Path of a Unix socket that is opened for it at each start; it has it as descriptor 3 ({@link openListener}). */
  readonly socket?: string;
  /** Opened for it at each start, too: it has them as descriptors 4, 5 and so on. What is undefined leaves its number out. */
  readonly opens?: readonly (() => Handed | undefined)[];
  /**
   * What serves its connection to vmkd ({@link vmkdDescriptor}); `onBreach` ends the program, for the reason that is told. Without there
   * is none.
   */
  readonly connection?: (socket: Duplex, onBreach: (why: string) => void) => void;
  /**
   * What guards the channel by which it gets connected sockets (`openHandover`, {@link handoverDescriptor}) before anything is read from it; throws where it
   * cannot. Without there is none.
   */
  readonly handover?: (child: ChildProcess, onBreach: (why: string) => void) => void;
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
  const { path, args, socket, opens = [], group, connection, handover } = program;
  const words = typeof args === 'function' ? args() : args;
  const output = onOutput ? 'pipe' : 'ignore';
  const limits = group?.watchLimits();
  const handed = openAll([...(socket === undefined ? [] : [() => openListener(socket)]), ...opens]);
  const noSocket = socket === undefined && opens.length > 0 ? ['ignore' as const] : [];
  const child = spawn(path, words, {
    stdio: withChannels(
      ['ignore', output, 'ignore', ...noSocket, ...handed.map((one) => one?.fd ?? 'ignore')],
      {
        ...(connection && { [vmkdDescriptor]: 'pipe' }),
        ...(handover && { [handoverDescriptor]: 'ipc' }),
      },
    ),
  });
  for (const one of handed) one?.close();
  let breach: string | undefined;
  const onBreach = (why: string): void => {
    breach ??= why;
    group?.kill();
    child.kill('SIGKILL');
  };
  const end = child.stdio.at(vmkdDescriptor);
  if (connection && end instanceof Socket) connection(end, onBreach);
  if (handover && child.pid !== undefined) {
    try {
      handover(child, onBreach);
    } catch (error) {
      onBreach((error as Error).message);
      throw error;
    }
  }
  killable(child);
  if (onOutput) child.stdout?.on('data', onOutput);
  const endedBy = (code: number | null, signal: NodeJS.Signals | null): void => {
    const by = signal ?? signalOf(code);
    onEnd(
      breach ?? limits?.() ?? (by ? `it was ended by ${by}` : `it ended with exit code ${code}`),
    );
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

type Descriptor = 'ignore' | 'pipe' | 'ipc' | number;

/** Pairs of Unix sockets at their places: each is there before anybody could ask who is at its other end. */
function withChannels(
  descriptors: readonly Descriptor[],
  channels: Readonly<Record<number, Descriptor>>,
): Descriptor[] {
  const length = Math.max(descriptors.length, ...Object.keys(channels).map((at) => Number(at) + 1));
  return Array.from({ length }, (_, at) => channels[at] ?? descriptors[at] ?? 'ignore');
}

/** All of them or none. */
function openAll(opens: readonly (() => Handed | undefined)[]): (Handed | undefined)[] {
  const handed: (Handed | undefined)[] = [];
  try {
    for (const open of opens) handed.push(open());
    return handed;
  } catch (error) {
    for (const one of handed) one?.close();
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
