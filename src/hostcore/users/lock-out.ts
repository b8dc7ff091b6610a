/** Counts the wrong passwords of each name, and says how long a name has to wait. */
export interface LockOut {
  /** Milliseconds until the next try is looked at; 0: now. */
  waitMs(name: string): number;
  /** A try begins: it counts as a failure until it has succeeded, so that a hundred at once are no way round. */
  begin(name: string): void;
  succeed(name: string): void;
}

export interface LockRules {
  /** Failures in a row after which a name is locked; 0: never. */
  readonly failures: number;
  /** Of the longest lock. */
  readonly longestMs: number;
}

interface Tries {
  readonly failures: number;
  readonly last: number;
}

const firstLockMs = 30_000;
/** Of names that nobody has: what somebody makes up must not take the memory. */
const mostUnknown = 1000;

/**
 * In memory: to write each try to the flash would let anybody wear it out, and a reboot takes longer than a lock. From the last
 * allowed failure on a name is locked for 30 s, then for twice as long with each further one. Names that there are not are locked in
 * the same way, so that a lock tells nothing. Failures are forgotten once the longest lock and an hour have gone by without one.
 */
export function lockOut(
  now: () => number,
  rules: () => LockRules,
  isKnown: (name: string) => boolean,
): LockOut {
  const known = new Map<string, Tries>();
  const unknown = new Map<string, Tries>();
  const place = (name: string): Map<string, Tries> => (isKnown(name) ? known : unknown);
  const triesOf = (name: string): Tries => {
    const tries = place(name).get(name);
    const forgotten = tries && now() - tries.last > rules().longestMs + 3_600_000;
    return tries && !forgotten ? tries : { failures: 0, last: now() };
  };
  return {
    waitMs(name) {
      const { failures, longestMs } = rules();
      const tries = triesOf(name);
      if (failures === 0 || tries.failures < failures) return 0;
      const doublings = Math.min(tries.failures - failures, 20);
      const lock = Math.min(longestMs, firstLockMs * 2 ** doublings);
      return Math.max(0, tries.last + lock - now());
    },
    begin(name) {
      const tries = triesOf(name);
      const names = place(name);
      names.delete(name);
      names.set(name, { failures: tries.failures + 1, last: now() });
      const [oldest] = unknown.keys();
      if (unknown.size > mostUnknown && oldest !== undefined) unknown.delete(oldest);
    },
    succeed: (name) => void place(name).delete(name),
  };
}
