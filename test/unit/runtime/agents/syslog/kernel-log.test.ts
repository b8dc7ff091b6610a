import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { followKernelLog } from '../../../../../src/runtime/agents/syslog/kernel-log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A kernel's log with these records, of which one before `first` was overwritten. */
function follow(last?: number) {
  const records: (string | Error)[] = [];
  const heard: string[] = [];
  const seen: number[] = [];
  const add = (...numbers: number[]) => {
    for (const number of numbers) records.push(`6,${number},0,-;record ${number}`);
  };
  const read = () => {
    const next = records.shift();
    if (next instanceof Error) throw next;
    return next;
  };
  const start = () =>
    followKernelLog({
      ...{ read, last, bootedAt: () => 0 },
      onRead: (number) => void seen.push(number),
      take: ({ text }) => void heard.push(text),
    });
  return { records, heard, seen, add, start };
}

test('P5: hands on what is there, and what comes', () => {
  const log = follow();
  log.add(5, 6);
  const stop = log.start();
  log.add(7);
  vi.advanceTimersByTime(250);
  stop();
  log.add(8);
  vi.advanceTimersByTime(1000);
  expect(log.heard).toEqual(['record 5', 'record 6', 'record 7']);
  expect(log.seen).toEqual([6, 7]);
});

test('P5: leaves out what an agent before it has had, and says how much was overwritten', () => {
  const log = follow(6);
  log.add(5, 6, 7);
  log.records.push(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
  log.add(11);
  log.start()();
  expect(log.heard).toEqual([
    'record 7',
    "3 records of the kernel's log were overwritten unread",
    'record 11',
  ]);
});

test('P5: does not keep the event loop with a flood', () => {
  const log = follow();
  log.add(...Array.from({ length: 1200 }, (_, number) => number));
  const stop = log.start();
  expect(log.heard).toHaveLength(50);
  // A turn each, without a pause between them.
  vi.advanceTimersByTime(100);
  stop();
  expect(log.heard).toHaveLength(1200);
});

test('P5: looks once a second when the kernel is quiet, and four times after news', () => {
  const log = follow();
  const stop = log.start();
  const nextLook = (): number => {
    const begun = Date.now();
    vi.advanceTimersToNextTimer();
    return Date.now() - begun;
  };
  const before = Array.from({ length: 22 }, nextLook);
  expect(before).toEqual([...Array(19).fill(250), 1000, 1000, 1000]);
  log.add(1);
  expect([nextLook(), log.heard.length, nextLook()]).toEqual([1000, 1, 250]);
  stop();
});
