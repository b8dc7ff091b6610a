import { describe, expect, it } from 'vitest';
import { lockOut } from '../../../../src/hostcore/users/lock-out.ts';

function locks(rules = { failures: 5, longestMs: 900_000 }) {
  const clock = { now: 0 };
  const lock = lockOut(
    () => clock.now,
    () => rules,
    (name) => name === 'amy',
  );
  const fail = (name: string, times: number): void => {
    for (let at = 0; at < times; at++) lock.begin(name);
  };
  return { clock, lock, fail };
}

describe('K5: the lock of a name', () => {
  it.each(['amy', 'made-up'])('rises with each further failure, and has an end (%s)', (name) => {
    const { clock, lock, fail } = locks();
    fail(name, 4);
    expect(lock.waitMs(name)).toBe(0);
    const seconds = [...Array(7).keys()].map(() => {
      fail(name, 1);
      const wait = lock.waitMs(name);
      clock.now += wait;
      expect(lock.waitMs(name)).toBe(0);
      return wait / 1000;
    });
    expect(seconds).toEqual([30, 60, 120, 240, 480, 900, 900]);
  });

  it('ends with a right password, and of itself after an hour and the longest lock', () => {
    const { clock, lock, fail } = locks();
    fail('amy', 5);
    lock.succeed('amy');
    fail('amy', 4);
    expect(lock.waitMs('amy')).toBe(0);
    clock.now += 900_000 + 3_600_001;
    fail('amy', 4);
    expect(lock.waitMs('amy')).toBe(0);
  });

  it('stays for a user however many names somebody makes up', () => {
    const { lock, fail } = locks();
    fail('amy', 5);
    fail('first', 5);
    for (let at = 0; at < 1000; at++) fail(`made-up${at}`, 1);
    expect(lock.waitMs('amy')).toBe(30_000);
    expect(lock.waitMs('first')).toBe(0);
  });

  it('never comes where the rules have none', () => {
    const { lock, fail } = locks({ failures: 0, longestMs: 900_000 });
    fail('amy', 100);
    expect(lock.waitMs('amy')).toBe(0);
  });
});
