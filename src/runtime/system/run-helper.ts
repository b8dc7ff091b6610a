import { spawn } from 'node:child_process';

export interface HelperEnd {
  readonly code: number;
  readonly output: Buffer;
  /** The end of its standard error, or why there is none; one line. */
  readonly error: string;
  /** Of one that was given up: resolves when it has ended after all. */
  readonly left?: Promise<void>;
}

export interface HelperOptions {
  readonly timeoutMs: number;
  /** Its standard input; nothing without it. */
  readonly input?: Uint8Array;
}

/** Runs a program that touches what may not answer. */
export type RunHelper = (
  program: string,
  args: readonly string[],
  options: HelperOptions,
) => Promise<HelperEnd>;

const mostErrorCharacters = 400;
/** Of what has ended in time, the news may lie behind long work of our own. */
const newsTimeoutMs = 1000;

/**
 * Runs a helper to its end. Never throws: a program that is not there ends with 127. One that takes longer than its time ends with 124:
 * it is killed but not waited for, as a process that hangs in the kernel does not end, and nothing of vmkd may hang with it.
 */
export const runHelper: RunHelper = (program, args, { timeoutMs, input }) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    let error = '';
    const finish = (code: number, why = error, left?: Promise<void>): void => {
      clearTimeout(timer);
      const line = why.replace(/\s+/g, ' ').trim().slice(-mostErrorCharacters);
      const end = { code, output: Buffer.concat(output), error: line };
      resolve(left ? { ...end, left } : end);
    };
    const giveUp = (): void => {
      child.kill('SIGKILL');
      for (const pipe of child.stdio) pipe?.destroy();
      child.unref();
      const left = new Promise<void>((ended) => child.once('exit', () => ended()));
      finish(124, `${program} did not end in ${timeoutMs / 1000} s`, left);
    };
    let timer = setTimeout(() => {
      timer = setTimeout(giveUp, newsTimeoutMs);
    }, timeoutMs);
    child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => {
      error = `${error}${chunk}`.slice(-2 * mostErrorCharacters);
    });
    child.once('error', (failure) => finish(127, failure.message));
    child.once('close', (code, signal) => finish(code ?? 1, error || (signal ?? '')));
    // A program that ends before it has read all says so by its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
