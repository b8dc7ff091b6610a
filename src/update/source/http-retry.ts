import { TwinbankError } from '../../diagnostics/error.ts';
import type { Report } from '../../diagnostics/progress.ts';
import type { After } from './http-pace.ts';
import { transientCode } from './http-reply.ts';

/** Decides whether and when to try again. */
export interface RetryPolicy {
  /** Waits before the next attempt, or throws the error where there is none. */
  afterFailure(error: unknown): Promise<void>;
  /** So many new bytes came. */
  progress(bytes: number): void;
}

interface Limits {
  readonly signal: AbortSignal;
  readonly report: Report;
  /** Attempts after the first, until the line gets on again. */
  readonly retries: number;
  /** Before the first of them; each further pause is twice as long. */
  readonly pauseMs: number;
  readonly after: After;
}

/** A line that gives this much between two failures, or over several, gets on. */
const progressBytes = 2 ** 20;
/** Attempts after the first where nobody has ever answered: 3 s in all, at the default pause. */
const retriesOfRefused = 2;
/** What a server may ask us to wait. */
const longestWaitMs = 60_000;

export function retryPolicy({ signal, report, retries, pauseMs, after }: Limits): RetryPolicy {
  let failures = 0;
  let came = 0;
  let hasGiven = false;
  return {
    async afterFailure(error) {
      signal.throwIfAborted();
      if (!(error instanceof TwinbankError) || error.code !== transientCode) throw error;
      // Nobody listens there, unless a server that has given something is being started again.
      const isAbsent = error.data.refused === true && !hasGiven;
      const most = isAbsent ? Math.min(retries, retriesOfRefused) : retries;
      if (failures >= most) throw givenUp(error, failures);
      const asked = error.data.retryAfterMs;
      const ms =
        typeof asked === 'number' ? Math.min(asked, longestWaitMs) : pauseMs * 2 ** failures;
      failures++;
      report({ type: 'note', text: `${error.message}; trying again in ${ms / 1000} s` });
      await pause(ms, signal, after);
    },
    progress(bytes) {
      came += bytes;
      hasGiven ||= bytes > 0;
      if (came < progressBytes) return;
      came = 0;
      failures = 0;
    },
  };
}

function givenUp(error: TwinbankError, failures: number): TwinbankError {
  if (failures === 0) return error;
  const message = `${error.message}; gave up after ${failures + 1} attempts`;
  return new TwinbankError('io', error.code, message, { data: error.data, cause: error });
}

function pause(ms: number, signal: AbortSignal, after: After): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
