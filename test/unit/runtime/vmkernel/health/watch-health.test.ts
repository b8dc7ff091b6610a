import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JournalEvent } from '../../../../../src/bootloader/boot-journal.ts';
import { consoleText } from '../../../../../src/protocol/console-line.ts';
import { watchHealth } from '../../../../../src/runtime/vmkernel/health/watch-health.ts';

describe('the health of a system that stays up', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watched(reported = '') {
    const state = { now: [] as string[], asked: 0, stopping: false };
    const lines: string[] = [];
    const events: JournalEvent[] = [];
    watchHealth({
      console: { event: (event) => void lines.push(consoleText(event)) },
      journal: { write: (event) => void events.push(event) },
      bank: 5,
      problems: () => {
        state.asked++;
        return state.now;
      },
      reported,
      isStopping: () => state.stopping,
    });
    const after = (tens: number, found: string[]): string[] => {
      state.now = found;
      vi.advanceTimersByTime(tens * 10_000);
      return lines.splice(0);
    };
    return { state, events, after };
  }

  it('is not told again where it was told before the watch began', () => {
    const { after } = watched('no disk');
    expect([after(2, ['no disk']), after(1, [])]).toEqual([[], ['healthy again']]);
  });

  it('is asked for every ten seconds, and told when it changes', () => {
    const { state, events, after } = watched();
    expect(after(3, [])).toEqual([]);
    expect(state.asked).toBe(3);
    expect(after(3, ['agent lamp: gone'])).toEqual(['unhealthy: agent lamp: gone']);
    expect(after(1, ['agent lamp: gone', 'disk'])).toEqual(['unhealthy: agent lamp: gone; disk']);
    expect(after(5, [])).toEqual(['healthy again']);
    expect(after(1, ['disk'])).toEqual(['unhealthy: disk']);
    expect(events).toEqual([
      { event: 'unhealthy', bank: 5, why: 'agent lamp: gone' },
      { event: 'unhealthy', bank: 5, why: 'agent lamp: gone; disk' },
      { event: 'unhealthy', bank: 5, why: 'disk' },
    ]);
  });

  it('is not told any more once the system ends', () => {
    const { state, after } = watched();
    state.stopping = true;
    expect(after(3, ['agent lamp: it has just been started'])).toEqual([]);
  });
});
