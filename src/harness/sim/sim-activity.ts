import { setImmediate } from 'node:timers/promises';
import type { ConsoleLog } from '../console/console-log.ts';

/** Tells when nothing more will come from a machine in which no time passes. */
export interface SimActivity {
  /** Its waits end with `timeout` as soon as the machine has nothing left to do. */
  readonly console: ConsoleLog;
  /** The machine does something. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Whether nothing is going on, and nothing that was asked for in this turn of the event loop begins. */
  settled(): Promise<boolean>;
  /** Somebody waits: should the machine have nothing to do in the next turn either, `onIdle` is told. */
  nudge(): void;
}

export function simActivity(log: ConsoleLog, onIdle: () => void): SimActivity {
  const works = new Set<Promise<unknown>>();
  /** False when nothing is going on. What was asked for in this turn of the event loop may begin first. */
  const somethingHappens = async (): Promise<boolean> => {
    await setImmediate();
    if (works.size === 0) return false;
    await Promise.race([...works].map((work) => work.catch(() => {})));
    return true;
  };
  const nudge = (): void => {
    void somethingHappens().then((happens) => (happens ? undefined : onIdle()));
  };
  let closed = false;
  return {
    nudge,
    async settled() {
      await setImmediate();
      return works.size === 0;
    },
    async during(work) {
      const done = work();
      works.add(done);
      try {
        return await done;
      } finally {
        works.delete(done);
        nudge();
      }
    },
    console: {
      ...log,
      close() {
        closed = true;
        log.close();
      },
      async waitFor(pattern, { from = 0 }) {
        for (let at = from; ; ) {
          const line = log.lines.slice(at).find(({ text }) => pattern.test(text));
          if (line) return { line };
          if (closed) return { ended: 'closed' };
          at = Math.max(at, log.lines.length);
          const happens = await somethingHappens();
          if (!happens && log.lines.length <= at) return { ended: 'timeout' };
        }
      },
    },
  };
}
