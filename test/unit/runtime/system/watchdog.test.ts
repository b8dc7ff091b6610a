import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { feedWatchdogs } from '../../../../src/runtime/system/watchdog.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchdog-'));
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const device = (name: string): string => {
  writeFileSync(join(folder, name), '');
  return join(folder, name);
};
/** How often a device was fed; throws where the letter that would stop it was among the food. */
const fed = (path: string): number => {
  const text = readFileSync(path, 'latin1');
  expect(text).not.toContain('V');
  return text.length;
};

describe('the watchdogs', () => {
  it('are all fed at once and four times in their time', () => {
    const second = device('watchdog1');
    const first = device('watchdog0');
    const watchdog = feedWatchdogs(60, { folder });
    expect(watchdog.devices()).toEqual([first, second]);
    expect([first, second].map(fed)).toEqual([1, 1]);
    vi.advanceTimersByTime(14_999);
    expect([first, second].map(fed)).toEqual([1, 1]);
    vi.advanceTimersByTime(45_001);
    expect([first, second].map(fed)).toEqual([5, 5]);
    watchdog.starve();
  });

  it('get nothing any more once they are starved', () => {
    const path = device('watchdog0');
    const watchdog = feedWatchdogs(10, { folder });
    vi.advanceTimersByTime(5000);
    watchdog.starve();
    const before = fed(path);
    vi.advanceTimersByTime(100_000);
    expect(fed(path)).toBe(before);
  });

  it('get nothing from a vmkd that was started again and ends before a quarter of their time', () => {
    const path = device('watchdog0');
    const watchdog = feedWatchdogs(60, { folder, atOnce: false });
    vi.advanceTimersByTime(14_999);
    expect(fed(path)).toBe(0);
    expect(watchdog.devices()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fed(path)).toBe(1);
    expect(watchdog.devices()).toEqual([path]);
    watchdog.starve();
  });

  it('are those with a number; the old name is the first of them', () => {
    for (const name of ['watchdog', 'watchdogs', 'xwatchdog0', 'tty0']) device(name);
    const watchdog = feedWatchdogs(60, { folder });
    expect(watchdog.devices()).toEqual([]);
    expect(fed(join(folder, 'watchdog'))).toBe(0);
    watchdog.starve();
  });

  it('are fed though one of them cannot be opened', () => {
    mkdirSync(join(folder, 'watchdog0'));
    const path = device('watchdog1');
    const watchdog = feedWatchdogs(60, { folder });
    vi.advanceTimersByTime(30_000);
    expect(fed(path)).toBe(3);
    expect(watchdog.devices()).toEqual([path]);
    watchdog.starve();
  });
});
