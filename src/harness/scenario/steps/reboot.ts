import { followBoot } from '../../run/follow-boot.ts';
import { begin } from '../../run/play.ts';
import { defineStep } from '../step.ts';
import { until, untilTitle } from '../until.ts';
import { bootTimeoutMs, checkOn } from './boot.ts';

export const reboot = defineStep({
  name: 'reboot',
  summary: 'Lets the running system reboot in order, and follows it',
  shorthand: 'until',
  shape: { until: until() },
  timeoutMs: bootTimeoutMs,
  needs: () => ['vmkd'],
  title: ({ until: end }) => `reboot${untilTitle(end)}`,
  check: (_spec, foresight, say) => checkOn(foresight, say),
  async run({ until: end = 'ready' }, play) {
    const first = begin(play);
    await play.machine.vmkd.call('shutdown', { mode: 'reboot' });
    return followBoot(play, end, first);
  },
});
