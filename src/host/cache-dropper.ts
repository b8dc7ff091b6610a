import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { TwinbankError } from '../diagnostics/error.ts';
import { toolPath } from './find-tool.ts';
import { outlivesTerminal } from './ignored-hangup.ts';

/** Makes the kernel forget what it has cached of one file or block device. */
interface CacheDropper {
  /** The next reads come from the medium, where all that was written has been flushed. Throws `host.tool-failed`. */
  drop(): Promise<void>;
  close(): void;
}

type Shell = ChildProcessByStdio<Writable, Readable, null>;

/**
 * Drops by `blockdev --flushbufs`, or by dd's `nocache`, which asks for it with posix_fadvise (coreutils,
 * "dd"). One shell does it as often as it is told a line: a program costs Node some ten milliseconds each time
 * it starts one, and a shell one.
 */
export function cacheDropper(path: string): CacheDropper {
  let shell: Shell | undefined;
  return {
    async drop() {
      shell ??= startShell(path);
      const reply = await answer(shell);
      if (reply === 'done') return;
      const message = `${path}: expected its caches to be dropped, found ${reply || 'that the shell has ended'}`;
      throw new TwinbankError('io', 'host.tool-failed', message, { data: { path } });
    },
    close() {
      shell?.stdin.end();
      shell = undefined;
    },
  };
}

function startShell(path: string): Shell {
  const drop = statSync(path).isBlockDevice()
    ? 'blockdev --flushbufs "$0"'
    : 'dd if="$0" iflag=nocache count=0 status=none';
  const script = `while read -r line; do said=$(${drop} 2>&1) && echo done || echo $said; done`;
  const shell = spawn('sh', ['-c', script, path], {
    detached: outlivesTerminal,
    env: { ...process.env, PATH: toolPath(process.env.PATH ?? ''), LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // `answer` hears of a shell that has ended by the callback of its write.
  shell.stdin.on('error', () => {});
  return shell;
}

/** What the shell says to one line, or nothing where it ends before. */
function answer(shell: Shell): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.endsWith('\n')) settle(() => resolve(text.trim()));
    };
    const ended = (): void => settle(() => resolve(text.trim()));
    const failed = (error: Error): void => settle(() => reject(error));
    const settle = (end: () => void): void => {
      shell.stdout.off('data', onData);
      shell.off('close', ended);
      shell.off('error', failed);
      end();
    };
    shell.stdout.on('data', onData);
    shell.once('close', ended);
    shell.once('error', failed);
    shell.stdin.write('drop\n', (error) => {
      if (error) failed(error);
    });
  });
}
