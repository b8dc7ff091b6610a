import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { TwinbankError } from '../diagnostics/error.ts';
import { toolPath } from './find-tool.ts';
import { outlivesTerminal } from './ignored-hangup.ts';
import { toolMissing } from './run-tool.ts';

/** util-linux' flock ends with this when somebody else kept the lock all the time. */
const lockHeldCode = 75;

/**
 * Runs work under an exclusive lock of a file or a block device: the one that `flock PATH` takes, and that
 * systemd asks of programs that change a disk. Node cannot take it; a `flock` that gets our open file does,
 * and the kernel keeps the lock as long as we have the file open. So it is gone as soon as this process is,
 * however that ends, and there is nothing to clean up. Waits at most `seconds` for others; throws
 * `lock.busy` (kind `refused`), `lock.failed` (kind `io`) with flock's own words, and `host.tool-missing`.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { seconds?: number; signal?: AbortSignal } = {},
): Promise<T> {
  const { seconds = 10, signal } = options;
  signal?.throwIfAborted();
  // A pipe would wait for its other end.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { code, errors } = await flock(file, seconds, signal);
    signal?.throwIfAborted();
    if (code === lockHeldCode) throw inUse(path, seconds);
    if (code !== 0) throw failed(path, errors);
    return await work();
  } finally {
    closeSync(file);
  }
}

function flock(
  file: number,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<{ code: number | null; errors: string }> {
  const limits = [
    '--exclusive',
    '--timeout',
    String(seconds),
    '--conflict-exit-code',
    `${lockHeldCode}`,
  ];
  const child = spawn('flock', [...limits, '3'], {
    detached: outlivesTerminal,
    env: { ...process.env, PATH: toolPath(process.env.PATH ?? ''), LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe', file],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const abort = (): void => void child.kill();
  signal?.addEventListener('abort', abort, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? toolMissing('flock') : error);
    });
    child.once('close', (code) => {
      signal?.removeEventListener('abort', abort);
      resolve({ code, errors: errors.trim() });
    });
  });
}

function inUse(path: string, seconds: number): TwinbankError {
  return new TwinbankError(
    'refused',
    'lock.busy',
    `${path}: expected it to be free${seconds > 0 ? ` within ${seconds} s` : ''}, found another program that holds its lock`,
    { data: { path } },
  );
}

function failed(path: string, errors: string): TwinbankError {
  const message = `${path}: could not lock it: ${errors || 'flock ended without a word'}`;
  return new TwinbankError('io', 'lock.failed', message, { data: { path } });
}
