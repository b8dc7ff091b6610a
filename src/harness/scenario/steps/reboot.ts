import { followBoot } from '../follow-boot.ts';
import { defineStep } from '../step.ts';
import { begin } from '../step-context.ts';
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
  check: (_spec, planned, reportProblem) => checkOn(planned, reportProblem),
  async run({ until: end = 'ready' }, context) {
    const first = begin(context);
    await context.machine.vmkd.call('shutdown', { mode: 'reboot' });
    return followBoot(context, end, first);
  },
});
