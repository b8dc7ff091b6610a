import { followBoot } from '../follow-boot.ts';
import { defineStep } from '../step.ts';
import { begin } from '../step-context.ts';
import { until, untilTitle } from '../until.ts';
import { bootTimeoutMs, checkOn } from './boot.ts';

export const reset = defineStep({
  name: 'reset',
  summary: 'Presses the reset button, and follows the machine',
  shorthand: 'until',
  shape: { until: until() },
  timeoutMs: bootTimeoutMs,
  title: ({ until: end }) => `reset${untilTitle(end)}`,
  check: (_spec, planned, reportProblem) => checkOn(planned, reportProblem),
  async run({ until: end = 'ready' }, context) {
    const first = begin(context);
    await context.machine.reset();
    return followBoot(context, end, first);
  },
});
