import { TwinbankError } from '../../diagnostics/error.ts';
import { humanSize } from '../../diagnostics/size.ts';
import { downloadError } from './http-reply.ts';

/** Calls something back after a while, unless the returned function is called before. */
export type After = (ms: number, call: () => void) => () => void;

/** What a server may take, in milliseconds. */
export interface PaceLimits {
  /** A reply, or the next bytes of it, have to come within this. */
  readonly stallMs: number;
  /** All of it has to come within this, pauses and all. */
  readonly deadlineMs: number;
  readonly after: After;
  /** Milliseconds since some moment. */
  readonly now: () => number;
}

/** What a line has to give in {@link leastRateMs} of waiting for it; time that we take ourselves does not count. */
const leastBytes = 2 ** 20;
const leastRateMs = 60_000;

/** Limits how long one download waits for its server, over all connections. */
export interface Pace {
  /** A connection is new: what its line gives is counted from here. */
  connect(): void;
  /**
   * Somebody begins to wait for a reply (`head`) or for the next bytes of its content. Calls `giveUp` once that takes too long,
   * unless the returned function, to be called when something has come, is called before. Throws the same at once where no time is
   * left. The error is `update.download` for what may be better on another connection, `update.deadline` where all is over.
   */
  wait(what: 'head' | 'content', giveUp: (error: TwinbankError) => void): () => void;
  came(bytes: number): void;
}

export function downloadPace(name: string, limits: PaceLimits): Pace {
  const { stallMs, deadlineMs, after, now } = limits;
  const begun = now();
  let waited = 0;
  let bytesCame = 0;
  const broken = (why: string) => downloadError(name, `the connection broke: ${why}`);
  const tooSlow = () =>
    broken(`${humanSize(bytesCame)} in ${leastRateMs / 1000} s, expected ${humanSize(leastBytes)}`);
  const overdue = () => {
    const message = `${name}: expected all of it within ${deadlineMs / 3_600_000} hours, found that it takes longer`;
    return new TwinbankError('io', 'update.deadline', message);
  };
  const connect = (): void => {
    waited = 0;
    bytesCame = 0;
  };
  return {
    connect,
    wait(what, giveUp) {
      const from = now();
      const left = deadlineMs - (from - begun);
      if (left <= 0) throw overdue();
      const slow = what === 'content' ? leastRateMs - waited : Number.POSITIVE_INFINITY;
      if (slow <= 0) throw tooSlow();
      const ms = Math.min(stallMs, left, slow);
      const silent = what === 'head' ? 'no reply within' : 'nothing came for';
      const cancel = after(ms, () => {
        if (ms === left) giveUp(overdue());
        else if (ms === slow) giveUp(tooSlow());
        else giveUp(broken(`${silent} ${stallMs / 1000} s`));
      });
      return () => {
        cancel();
        if (what === 'content') waited += now() - from;
      };
    },
    came(bytes) {
      bytesCame += bytes;
      if (bytesCame >= leastBytes) connect();
    },
  };
}
