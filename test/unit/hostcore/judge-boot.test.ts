import { expect, it } from 'vitest';
import { failedTrialText, readyEvent } from '../../../src/hostcore/judge-boot.ts';

it('records a boot that is over, and why it is not confirmed', () => {
  const stages = { engine: 1.5 };
  expect(readyEvent(5, undefined, stages)).toEqual({
    event: 'ready',
    bank: 5,
    confirmed: true,
    stages,
  });
  expect(readyEvent(6, 'no bank', {})).toEqual({
    event: 'ready',
    bank: 6,
    confirmed: false,
    why: 'no bank',
    stages: {},
  });
});

it('says why a trial is reset, and how long it had where that is known', () => {
  expect(failedTrialText('no address', 60)).toBe('trial not healthy in 60 s: no address');
  expect(failedTrialText('no address')).toBe('trial not healthy in its time: no address');
});
