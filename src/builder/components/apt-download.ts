import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { TwinbankError } from '../../diagnostics/error.ts';
import { type AptCall, aptOptions, runApt } from './apt.ts';
import { errorCode } from './io-error.ts';

/** Debian's apt has it here; it opens no package lists, so it starts in 10 ms. */
const helper = '/usr/lib/apt/apt-helper';

/** The address apt would download `NAME=VERSION` from, when it is one that half a file can be continued from. */
export async function resumableUri(spec: string, call: AptCall): Promise<string | undefined> {
  if (!existsSync(helper)) return undefined;
  // In a directory that has the file already apt would print nothing.
  const options = { cwd: call.cache.directory };
  const args = ['download', '--print-uris', spec];
  const output = await runApt('apt-get', args, call, options).catch((error: unknown) => {
    // A version it does not have: to be told by the download.
    if (error instanceof TwinbankError && error.code === 'host.tool-failed') return '';
    throw error;
  });
  return /^'(https?:\/\/[^']+)' /m.exec(output)?.[1];
}

/**
 * Has apt's http method download an address to `file`, and go on with what is there of it: `apt-get
 * download` cannot (measured: it asks for the whole again, `apt-helper` for the rest by Range and
 * If-Range). Through apt's proxies and credentials, like all it fetches. Returns what apt said when it
 * failed; undefined is success; throws only when the program is missing or `signal` fires.
 */
export async function downloadFile(
  uri: string,
  file: string,
  call: AptCall,
): Promise<string | undefined> {
  const { signal } = call;
  const args = [...aptOptions(call), '-o', 'Acquire::Retries=0', 'download-file', uri, file];
  const child = spawn(helper, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    // A group of its own: only a signal that reaches the http method too makes it give the half file
    // the server's date, without which no server would send the rest.
    detached: true,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const stop = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') throw error;
    }
  };
  signal?.addEventListener('abort', stop);
  try {
    if (signal?.aborted) stop();
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    signal?.throwIfAborted();
    return code === 0 ? undefined : errors.trim().replaceAll('\n', ' | ') || `exit code ${code}`;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/**
 * Has apt put the .deb files of some `NAME=VERSION` into `directory`, from whichever source has them.
 * Always begins anew. Returns what apt said when it failed; undefined is success.
 */
export async function downloadPackages(
  specs: readonly string[],
  directory: string,
  call: AptCall,
): Promise<string | undefined> {
  const args = ['-q', '-o', 'Acquire::Retries=0', 'download', ...specs];
  return runApt('apt-get', args, call, { cwd: directory }).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof TwinbankError && error.code === 'host.tool-failed') return error.message;
      throw error;
    },
  );
}
