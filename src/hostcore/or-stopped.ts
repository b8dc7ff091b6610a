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
  const tooLate = timeout(settled.signal).then(() => Promise.reject(late()));
  const stopped = new Promise<never>((_resolve, reject) => {
    const stop = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', stop, { signal: settled.signal });
  });
  // Whichever is not first is heard by nobody.
  for (const other of [work, tooLate, stopped]) other.catch(() => {});
  try {
    return await Promise.race([stopped, work, tooLate]);
  } finally {
    settled.abort();
  }
}
