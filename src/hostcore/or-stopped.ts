import { orAborted } from '../diagnostics/or-aborted.ts';

export interface StopOptions {
  readonly signal: AbortSignal | undefined;
  /** Is over when it was waited for long enough, or with the signal. */
  timeout(signal: AbortSignal): Promise<void>;
  /** The error when that is so. */
  late(): Error;
}

/** What somebody is waited for; throws the signal's reason or `late()` should that be first. */
export async function orStopped<T>(
  work: Promise<T>,
  { signal, timeout, late }: StopOptions,
): Promise<T> {
  signal?.throwIfAborted();
  const settled = new AbortController();
  const tooLate = new AbortController();
  timeout(settled.signal).then(
    () => tooLate.abort(late()),
    // It ends with the wait.
    () => {},
  );
  const ends = signal ? [signal, tooLate.signal] : [tooLate.signal];
  try {
    return await orAborted(work, AbortSignal.any(ends));
  } finally {
    settled.abort();
  }
}
