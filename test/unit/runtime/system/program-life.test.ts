import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Life, problemOf } from '../../../../src/runtime/system/program-life.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** A program that is being started, as this process, which is there and turns. */
const starting = (change: Partial<Life> = {}): Life => ({
  state: 'starting',
  child: { pid: process.pid } as ChildProcess,
  answer: new AbortController(),
  restarts: 0,
  begun: performance.now(),
  ends: [],
  lastEnd: undefined,
  pauseMs: 1000,
  pause: undefined,
  asked: undefined,
  trusted: false,
  ...change,
});
const withSocket = { after: [], hasSocket: true };

it('a program with a socket has a problem until it answers', () => {
  const life = starting();
  vi.advanceTimersByTime(60_000);
  expect(problemOf(life, withSocket)).toBe('it has not answered yet');
  expect(problemOf({ ...life, state: 'running' }, withSocket)).toBeUndefined();
});

it('a program that was well when it was started again on purpose has a quarter of a minute to answer', () => {
  const life = starting({ trusted: true });
  vi.advanceTimersByTime(14_999);
  expect(problemOf(life, withSocket)).toBeUndefined();
  vi.advanceTimersByTime(1);
  expect(problemOf(life, withSocket)).toBe('it has not answered yet');
});

it('a program that answers, but had ended before, is believed after its next pause', () => {
  const lastEnd = { why: 'it ended with exit code 3', time: 0 };
  const life = starting({ state: 'running', pauseMs: 4000, lastEnd });
  vi.advanceTimersByTime(3999);
  expect(problemOf(life, withSocket)).toBe('it ended with exit code 3');
  vi.advanceTimersByTime(1);
  expect(problemOf(life, withSocket)).toBeUndefined();
});

it('a program that ends as it is started again on purpose has no problem where it was well', async () => {
  const child = spawn('/bin/sleep', ['1000']);
  await once(child, 'spawn');
  try {
    // As one that is dying, it does nothing: stopped here, as that can be waited for.
    child.kill('SIGSTOP');
    const life = starting({ state: 'running', child, asked: 'restart', trusted: true });
    await vi.waitFor(() =>
      expect(problemOf({ ...life, asked: undefined }, withSocket)).toBe(
        'its process is in state T',
      ),
    );
    expect(problemOf(life, withSocket)).toBeUndefined();
    expect(problemOf({ ...life, trusted: false }, withSocket)).toBe('its process is in state T');
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});
