import type { Lock } from './host-port.ts';

/** A lock that its holder gives to others for as long as it waits for somebody. */
export interface HeldLock {
  /** Is over once it is held; at once, and it is not held, after `close`. */
  take(): Promise<void>;
  free(): void;
  /** Frees it for good: what is still being taken is given back as soon as it is there. */
  close(): void;
}

/** Nothing is held yet. */
export function heldLock(lock: Lock): HeldLock {
  let release = (): void => {};
  let closed = false;
  const free = (): void => release();
  return {
    take: () =>
      new Promise((taken, failed) => {
        const hold = async (): Promise<void> => {
          if (!closed) {
            const freed = new Promise<void>((resolve) => {
              release = resolve;
            });
            taken();
            return freed;
          }
          taken();
        };
        lock(hold).catch(failed);
      }),
    free,
    close() {
      closed = true;
      free();
    },
  };
}
