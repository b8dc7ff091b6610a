import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  kernelDate,
  setClock,
  systemTime,
} from '../../../../../src/runtime/vmkernel/boot/set-clock.ts';
import { fakeSystem } from '../vmkd-ports.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const debian = 'Linux version 6.1.0-51-amd64 (gcc) #1 SMP Debian 6.1.192-3 (2026-11-05)\n';
const november = Date.UTC(2026, 10, 5) / 1000;
const { settings } = fakeSystem().ports;

/** A machine whose clock says this at its start. */
async function started(now: number, more: { sourceDate?: number; fails?: string } = {}) {
  const lines: string[] = [];
  const clock = { now, set: [] as number[] };
  const problem = await setClock({
    time: {
      kernelVersion: debian,
      now: () => clock.now,
      set: async (seconds) => {
        clock.set.push(seconds);
        if (more.fails === undefined) clock.now = seconds;
        return more.fails;
      },
    },
    console: { line: (text) => void lines.push(text) },
    settings: { ...settings, ...(more.sourceDate && { sourceDate: more.sourceDate }) },
  });
  return { lines, clock, problem };
}

describe('P7: the clock at the start', () => {
  it('is left alone where it can be right', async () => {
    for (const now of [november, november + 86_400, Date.UTC(2046, 0, 1) / 1000]) {
      const { lines, clock, problem } = await started(now);
      expect([lines, clock.set, problem()]).toEqual([[], [], undefined]);
    }
  });

  it.each([
    ['1970', 12, '1970-01-01T00:00:12Z'],
    ['2099', Date.UTC(2099, 5, 1) / 1000, '2099-06-01T00:00:00Z'],
  ])('is set to the time of the kernel where it says %s', async (_year, now, found) => {
    const { lines, clock, problem } = await started(now);
    const why = `clock: expected a time from 2026-11-05T00:00:00Z to 2046-11-05T00:00:00Z, found ${found}`;
    expect(lines).toEqual([`${why}: it is 2026-11-05T00:00:00Z now`]);
    expect(clock.set).toEqual([november]);
    expect(problem()).toBe(`${why}, and nobody has set it since`);
    vi.advanceTimersByTime(3_600_000);
    clock.now += 3600;
    expect(problem()).toBe(`${why}, and nobody has set it since`);
    clock.now += 90;
    expect(problem()).toBeUndefined();
  });

  it('is not before the time that whoever built the image has said', async () => {
    const sourceDate = november + 10 * 86_400;
    const { clock } = await started(november + 86_400, { sourceDate });
    expect(clock.set).toEqual([sourceDate]);
    expect((await started(sourceDate, { sourceDate })).clock.set).toEqual([]);
  });

  it('that cannot be set is told, and the system goes on', async () => {
    const { lines, problem } = await started(5, { fails: 'date ended with 1: no' });
    expect(lines).toEqual([expect.stringMatching(/found 1970-01-01T00:00:05Z: date ended with 1/)]);
    expect(problem()).toMatch(/nobody has set it since$/);
  });
});

it('P7: knows when a kernel was compiled, the distribution’s and any other', () => {
  expect(kernelDate(debian)).toBe(november);
  const own = 'Linux version 6.1.0 (gcc) #1 SMP PREEMPT_DYNAMIC Thu Nov  5 00:00:00 UTC 2026\n';
  expect(kernelDate(own)).toBe(november);
  for (const none of ['Linux version 6.18 #1 SMP @0', '', '(2026-99-99)']) {
    expect(kernelDate(none), none).toBeUndefined();
  }
});

it('P7: sets the clock of the kernel, then that of the machine, and says which did not take it', async () => {
  const ran: string[] = [];
  const time = (fails = '') =>
    systemTime('', async (program, args) => {
      ran.push([program, ...args].join(' '));
      return { code: args[0] === fails ? 1 : 0, output: 'no device' };
    });
  expect(await time().set(1.5)).toBeUndefined();
  expect(ran.splice(0)).toEqual(['/bin/busybox date -u -s @2', '/bin/busybox hwclock -u -w']);
  expect(await time('hwclock').set(1)).toBe('hwclock ended with 1: no device');
  expect(await time('date').set(1)).toBe('date ended with 1: no device');
});
