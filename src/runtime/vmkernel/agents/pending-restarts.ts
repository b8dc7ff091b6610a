import { setTimeout as pause } from 'node:timers/promises';
import type { RestartReport } from '../../../hostcore/settings-service.ts';
import type { Running } from '../../system/supervisor.ts';

/** Agents that are being started anew. */
export interface PendingRestarts {
  begin(running: Pick<Running, 'name' | 'restart'>): void;
  /** Waits until all that are under way are over, whoever began them, but not for longer than this. */
  settled(timeoutMs: number): Promise<RestartReport>;
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
    async settled(timeoutMs) {
      const failed: string[] = [];
      const restarting = new Set(pending.keys());
      const all = [...pending].map(async ([name, done]) => {
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
