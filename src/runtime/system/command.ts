import { execFile } from 'node:child_process';
import { killable } from './oom-score.ts';

/** How a program of the bank ended; `output` holds both of its streams. */
export interface CommandEnd {
  code: number;
  output: string;
}

/**
 * Runs a program of the bank to its end. Never throws: one that is not there ends with 127, one that takes
 * longer than `timeoutMs` (default half a minute, as whoever waits for it may have others waiting) with 124. That one is killed but not waited for, as a process that hangs in the
 * kernel does not end.
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { timeoutMs?: number } = {},
): Promise<CommandEnd> {
  const { timeoutMs = 30_000 } = options;
  return new Promise((resolve) => {
    const child = execFile(program, args, { maxBuffer: 4 << 20 }, (error, stdout, stderr) => {
      clearTimeout(timer);
      const missing = error && (error as NodeJS.ErrnoException).code === 'ENOENT';
      const code = missing ? 127 : error ? (typeof error.code === 'number' ? error.code : 1) : 0;
      resolve({ code, output: `${stdout}${stderr}`.trim() });
    });
    killable(child);
    const giveUp = (): void => {
      child.kill('SIGKILL');
      resolve({ code: 124, output: `it did not end in ${timeoutMs / 1000} s` });
    };
    const timer = setTimeout(giveUp, timeoutMs);
  });
}
