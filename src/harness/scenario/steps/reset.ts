import { followBoot } from '../../run/follow-boot.ts';
import { begin } from '../../run/play.ts';
import { defineStep } from '../step.ts';
import { until, untilTitle } from '../until.ts';
import { bootTimeoutMs, checkOn } from './boot.ts';

export const reset = defineStep({
  name: 'reset',
  summary: 'Presses the reset button, and follows the machine',
  shorthand: 'until',
  shape: { until: until() },
  timeoutMs: bootTimeoutMs,
  title: ({ until: end }) => `reset${untilTitle(end)}`,
  check: (_spec, foresight, say) => checkOn(foresight, say),
  async run({ until: end = 'ready' }, play) {
    const first = begin(play);
    await play.machine.reset();
    return followBoot(play, end, first);
  },
});
