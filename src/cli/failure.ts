import { TwinbankError } from '../diagnostics/error.ts';
import {
  actionOf,
  isSystemError,
  pathOf,
  refusedAt,
  type SystemError,
} from '../diagnostics/system-error.ts';
import { withRemedy } from '../host/own-folders.ts';
import type { Environment } from './command.ts';

/** Signals that end a command after it has cleaned up: Ctrl-C, `kill`, and a terminal or connection that went away. */
export const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type EndSignal = (typeof endSignals)[number];

/** The reason that an abort by a signal carries; it becomes exit code 130, 143 or 129. */
export function interrupted(signal: EndSignal): TwinbankError {
  return new TwinbankError('interrupted', 'cli.interrupted', `interrupted by ${signal}`, {
    data: { signal },
  });
}

/** A wrong command line, as one sentence. */
export function usageError(message: string): TwinbankError {
  return new TwinbankError('usage', 'cli.usage', message);
}

/**
 * What was thrown, as the one kind of error that is shown. A TwinbankError is kept, an error of the
 * operating system becomes `io.<errno>`; everything else was not foreseen and is our own defect.
 */
export function toFailure(thrown: unknown, signal: AbortSignal, env: Environment): TwinbankError {
  // After an abort things fail in many ways (a killed tool, a closed stream); the cause is the signal.
  if (signal.aborted && signal.reason instanceof TwinbankError) return signal.reason;
  if (thrown instanceof TwinbankError) return withRemedy(thrown, env);
  if (isSystemError(thrown)) return withRemedy(systemFailure(thrown), env);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TwinbankError(
    'internal',
    'internal',
    `${message.split('\n')[0]}; this is a defect in twinbank (TWINBANK_DEBUG=1 shows where)`,
    { cause: thrown },
  );
}

/** Node's text is `ENOSPC: no space left on device, write 'x'`; people look for the file first. */
function systemFailure(error: SystemError): TwinbankError {
  const path = pathOf(error);
  const refused = path === undefined ? undefined : refusedAt(path, actionOf(error), error);
  if (refused) return refused;
  const [, reason = error.message] = /^\w+: (.*?), \w+/.exec(error.message) ?? [];
  return new TwinbankError(
    'io',
    `io.${error.code.toLowerCase()}`,
    `${error.path ?? error.syscall}: ${reason}${error.path ? ` (${error.syscall})` : ''}`,
    { cause: error, data: { errno: error.code, path: error.path, syscall: error.syscall } },
  );
}
