import { TwinbankError } from '../../diagnostics/error.ts';
import { orAborted } from '../../diagnostics/or-aborted.ts';

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
