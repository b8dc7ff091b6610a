import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { TwinbankError } from '../../diagnostics/error.ts';

export interface RigProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A command of a rig that runs: a process group of its own, which ends with us. */
export interface RigProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Its end: why, as a clause, with the end of its standard error; undefined: exit code 0. */
  readonly ended: Promise<string | undefined>;
  /** Ends the group: SIGTERM, and SIGKILL for what is still there a moment later. */
  stop(): Promise<void>;
}

const graceMs = 2000;
/** So much of a command's standard error is kept, from its end. */
const maxErrors = 4096;

export function startRigProcess(
  command: string,
  { cwd, env, signal }: RigProcessOptions,
  stdin: 'pipe' | 'ignore' | number = 'pipe',
): RigProcess {
  signal?.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', command], {
    cwd,
    env: { ...process.env, ...env },
    // Its own group, so that what it starts ends with it.
    detached: true,
    stdio: [stdin, 'pipe', 'pipe'],
  });
  const kill = (how: NodeJS.Signals): void => killGroup(child, how);
  const atExit = (): void => kill('SIGKILL');
  const abort = (): void => kill('SIGTERM');
  process.once('exit', atExit);
  signal?.addEventListener('abort', abort, { once: true });
  const ended = followEnd(child, () => kill('SIGKILL')).finally(() => {
    process.removeListener('exit', atExit);
    signal?.removeEventListener('abort', abort);
  });
  child.stdin?.on('error', () => {});
  const { stdin: input, stdout } = child;
  return {
    stdin: input as Writable,
    stdout: stdout as Readable,
    ended,
    async stop() {
      kill('SIGTERM');
      const timer = setTimeout(kill, graceMs, 'SIGKILL');
      await ended;
      clearTimeout(timer);
    },
  };
}

/**
 * Runs a command of a rig to its end and returns what it wrote. Throws `rig.command` (kind `boot`) with its exit
 * status and the end of its standard error, also when it takes longer than its time.
 */
export async function runRigCommand(
  what: string,
  command: string,
  options: RigProcessOptions & { readonly timeoutMs: number; readonly input?: string },
): Promise<Buffer> {
  const { timeoutMs, input, signal } = options;
  const file = input === undefined ? undefined : openSync(input, 'r');
  try {
    const running = startRigProcess(command, options, file ?? 'ignore');
    const output: Buffer[] = [];
    running.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      void running.stop();
    }, timeoutMs);
    const problem = await running.ended;
    clearTimeout(timer);
    signal?.throwIfAborted();
    const found = timedOut ? `it still runs after ${timeoutMs / 1000} s` : problem;
    if (found === undefined) return Buffer.concat(output);
    throw new TwinbankError(
      'boot',
      'rig.command',
      `rig: ${what}: expected this command to succeed, found ${found}: ${command}`,
    );
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function killGroup({ pid }: ChildProcess, how: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, how);
  } catch (error) {
    // Nobody is left in the group.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** `sweep` ends what a command has left behind in its group, and with it the last writers of its pipes. */
function followEnd(child: ChildProcess, sweep: () => void): Promise<string | undefined> {
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-maxErrors);
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code, signal) => {
      sweep();
      // What has left the group may keep its pipes open for ever.
      const drained = Promise.race([closed, pause(graceMs, undefined, { ref: false })]);
      void drained.then(() => {
        if (code === 0) return resolve(undefined);
        const last = errors.trim().split('\n').slice(-3).join(' | ');
        const how = signal ? `signal ${signal}` : `exit code ${code}`;
        resolve(last ? `${how} (${last})` : how);
      });
    });
  });
}
