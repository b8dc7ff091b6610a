import type { NamedInstance } from './object-manager.ts';

/** The last indications, numbered from 1 since the agent started. */
export interface IndicationLog {
  add(indication: NamedInstance): void;
  /** Those after `after`, and where to go on; waits for one up to `waitMs`. `lost` are those that were dropped before. */
  read(after: number, waitMs: number): Promise<IndicationPage>;
}

export interface IndicationPage {
  readonly indications: readonly NamedInstance[];
  readonly next: number;
  readonly lost: number;
}

/** Characters: half of what vmkd takes as an answer; the rest is on the next page. */
const mostOfPage = 1 << 20;

export function indicationLog(most = 500): IndicationLog {
  const kept: NamedInstance[] = [];
  let last = 0;
  let listeners: (() => void)[] = [];
  const page = (after: number): IndicationPage => {
    const first = last - kept.length;
    // A reader of an agent before this one begins anew.
    const from = after > last ? 0 : after;
    const begin = Math.max(from - first, 0);
    let end = begin;
    for (let characters = 0; end < kept.length; end++) {
      characters += JSON.stringify(kept[end]).length;
      if (end > begin && characters > mostOfPage) break;
    }
    return {
      indications: kept.slice(begin, end),
      next: first + end,
      lost: Math.max(first - from, 0),
    };
  };
  return {
    add: (indication) => {
      kept.push(indication);
      last++;
      if (kept.length > most) kept.shift();
      for (const listener of listeners.splice(0)) listener();
    },
    read: async (after, waitMs) => {
      const now = page(after);
      if (now.indications.length > 0 || waitMs <= 0) return now;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          listeners = listeners.filter((one) => one !== done);
          resolve();
        };
        const timer = setTimeout(done, waitMs);
        listeners.push(done);
      });
      return page(after);
    },
  };
}
