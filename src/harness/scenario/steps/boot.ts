import { followBoot } from '../../run/follow-boot.ts';
import { begin } from '../../run/play.ts';
import { defineStep, type Foresight, type Say } from '../step.ts';
import { until, untilTitle } from '../until.ts';

/** Emulated boots take 20 to 60 s, and some steps follow several. */
export const bootTimeoutMs = 10 * 60_000;

export function checkOn(foresight: Foresight, say: Say): void {
  if (!foresight.on) say(undefined, 'a machine that is on (`boot` before it)', 'one that is off');
}

export function checkOff(foresight: Foresight, say: Say): void {
  if (foresight.on)
    say(undefined, 'a machine that is off (`power-off` before it)', 'one that is on');
  if (!foresight.flashed) {
    say(undefined, 'a `flash` before it', 'none');
    // Said once.
    foresight.flashed = true;
  }
}

export const boot = defineStep({
  name: 'boot',
  summary:
    'Switches the machine on and follows it, through resets and fallbacks, until it is ready',
  shorthand: 'until',
  shape: { until: until() },
  timeoutMs: bootTimeoutMs,
  shares: ({ until: end = 'ready' }) => end === 'ready',
  title: ({ until: end }) => `boot${untilTitle(end)}`,
  check(_spec, foresight, say) {
    checkOff(foresight, say);
    foresight.on = true;
  },
  async run({ until: end = 'ready' }, play) {
    const first = begin(play);
    await play.machine.powerOn();
    return followBoot(play, end, first);
  },
});
