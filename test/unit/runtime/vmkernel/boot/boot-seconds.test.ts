import { describe, expect, it } from 'vitest';
import { bootSeconds } from '../../../../../src/runtime/vmkernel/boot/boot-seconds.ts';

const now = () => 1_800_000_100_400;
const clock = (sincePowerOn: number, sinceKernel = 12) => ({
  sincePowerOn: () => sincePowerOn,
  sinceKernel: () => sinceKernel,
});
const ended = (secondsAgo: number) => ({
  event: 'shutdown' as const,
  time: 1_800_000_100 - secondsAgo,
});

describe('the seconds of a boot', () => {
  it('count from power-on, whoever shut the host down before that', () => {
    expect(bootSeconds(clock(31.25), undefined, now)).toBe(31.25);
    expect(bootSeconds(clock(31.25), ended(33), now)).toBe(31.25);
    expect(bootSeconds(clock(31.25), ended(86_400), now)).toBe(31.25);
  });

  it('count from the shutdown where the counter goes on through a reset', () => {
    expect(bootSeconds(clock(95.5), ended(30), now)).toBe(30.4);
  });

  it('count from power-on after an end that nobody has written down', () => {
    expect(bootSeconds(clock(95.5), { ...ended(30), event: 'ready' }, now)).toBe(95.5);
  });

  it('do not go by a clock that was set meanwhile', () => {
    expect(bootSeconds(clock(95.5), ended(-3600), now)).toBe(95.5);
    expect(bootSeconds(clock(95.5, 12), ended(5), now)).toBe(95.5);
  });
});
