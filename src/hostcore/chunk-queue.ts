/** Hands the chunks of a bundle from the caller who sends them to the update that reads them, one at a time. */
export interface ChunkQueue {
  /** The next chunk, once it is there; undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Is over when the reader waits for a chunk (true), or reads no more (false). */
  wanted(): Promise<boolean>;
  /** Gives the reader that waits the next chunk, or the end. */
  give(chunk: Uint8Array | undefined): void;
  /** Nothing is read any more: a reader that still waits finds the end. */
  close(): void;
}

export function chunkQueue(): ChunkQueue {
  let take: ((chunk: Uint8Array | undefined) => void) | undefined;
  let closed = false;
  let wake = (): void => {};
  const give = (chunk: Uint8Array | undefined): void => {
    const taker = take;
    take = undefined;
    taker?.(chunk);
  };
  return {
    next() {
      if (closed) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        take = resolve;
        wake();
      });
    },
    async wanted() {
      while (!take && !closed) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return take !== undefined;
    },
    give,
    close() {
      closed = true;
      give(undefined);
      wake();
    },
  };
}
