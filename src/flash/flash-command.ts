import { spawn } from 'node:child_process';
import { TwinbankError } from '../diagnostics/error.ts';
import { outlivesTerminal } from '../host/ignored-hangup.ts';
import { flashStream } from './flash-stream.ts';
import type { SourceRequest } from './open-source.ts';

interface FlashCommandRequest extends SourceRequest {
  /** For the shell. */
  readonly command: string;
  /** The folder that it runs in. */
  readonly cwd: string;
}

/**
 * Writes every byte of an image, raw, to the standard input of a command, and waits for its end. What it says goes to
 * our standard error. It is started when the image is verified. Throws what `flashStream` throws, and `flash.command`
 * (kind `io`) where it does not end with 0.
 */
export async function flashCommand(
  request: FlashCommandRequest,
): Promise<{ readonly size: number }> {
  const { command, cwd } = request;
  let child: ReturnType<typeof start> | undefined;
  const open = (): NodeJS.WritableStream => {
    child = start(command, cwd);
    return child.stdin;
  };
  try {
    const result = await flashStream({ ...request, open, name: command });
    child?.stdin.end();
    const code = await child?.ended(request.signal);
    if (code === 0) return result;
    throw failed(command, code);
  } catch (error) {
    if (!(error instanceof TwinbankError) || error.code !== 'flash.stream') throw error;
    // That it does not read any more is a consequence; how it ended says more.
    const code = await child?.ended(request.signal);
    throw code === 0 ? error : failed(command, code);
  } finally {
    child?.kill();
  }
}

function start(command: string, cwd: string) {
  const child = spawn('sh', ['-c', command], {
    cwd,
    detached: outlivesTerminal,
    stdio: ['pipe', 2, 2],
  });
  const { stdin } = child;
  // Of a program whose start fails there is none.
  if (!stdin) throw failed(command, 'no standard input');
  // `flashStream` hears of it by the callback of its write.
  stdin.on('error', () => {});
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no exit code'));
  });
  /** Or until a signal: it may have read everything and yet not end. */
  const endedOrStopped = (signal: AbortSignal | undefined): Promise<number | string> =>
    new Promise((resolve, reject) => {
      const stop = (): void => reject(signal?.reason);
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      void ended.then(resolve).finally(() => signal?.removeEventListener('abort', stop));
    });
  return { stdin, ended: endedOrStopped, kill: () => void child.kill() };
}

function failed(command: string, code: number | string | undefined): TwinbankError {
  const message = `${command}: expected the command to end with 0, found ${code}`;
  return new TwinbankError('io', 'flash.command', message, { data: { command, code } });
}
