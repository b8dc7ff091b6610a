import { setTimeout as pause } from 'node:timers/promises';
import type { RestartReport } from '../../../hostcore/settings-service.ts';
import type { Running } from '../../system/supervisor.ts';

/** Agents that are being started anew. */
export interface PendingRestarts {
  begin(running: Pick<Running, 'name' | 'restart'>): void;
  /** Waits until those of these that are under way are over, whoever began them, but not for longer than this. */
  settled(names: readonly string[], timeoutMs: number): Promise<RestartReport>;
}

export function pendingRestarts(): PendingRestarts {
  const pending = new Map<string, Promise<string | undefined>>();
  return {
    begin({ name, restart }) {
      const done = restart().finally(() => {
        // Another one may have begun meanwhile.
        if (pending.get(name) === done) pending.delete(name);
      });
      pending.set(name, done);
    },
    async settled(names, timeoutMs) {
      const failed: string[] = [];
      const waited = [...pending].filter(([name]) => names.includes(name));
      const restarting = new Set(waited.map(([name]) => name));
      const all = waited.map(async ([name, done]) => {
        const why = await done;
        restarting.delete(name);
        if (why !== undefined) failed.push(`agent ${name}: ${why}`);
      });
      const timer = new AbortController();
      const timeout = pause(timeoutMs, undefined, { signal: timer.signal, ref: false });
      await Promise.race([Promise.all(all), timeout.catch(() => {})]);
      timer.abort();
      return { failed: [...failed], restarting: [...restarting] };
    },
  };
}
