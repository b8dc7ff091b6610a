import { TwinbankError } from '../../diagnostics/error.ts';

/**
 * Waits for `work`, or rejects with the signal's reason. What was begun goes on, and its own failure is nobody's business
 * any more.
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Waits for `work` for so long; throws `harness.dispose` (kind `internal`), which names `what`, after that. */
export async function within<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs);
  return orAborted(work, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    const message = `expected ${what} in ${timeoutMs / 1000} s`;
    throw new TwinbankError('internal', 'harness.dispose', message);
  });
}

/** The reason of a signal that ends what takes too long. */
export function timedOut(expected: string): TwinbankError {
  return new TwinbankError(
    'boot',
    'scenario.timeout',
    `expected ${expected}, found it still going on`,
  );
}
