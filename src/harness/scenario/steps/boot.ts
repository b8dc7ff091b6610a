import { followBoot } from '../follow-boot.ts';
import { defineStep, type PlannedState, type ReportProblem } from '../step.ts';
import { begin } from '../step-context.ts';
import { until, untilTitle } from '../until.ts';

/** Emulated boots take 20 to 60 s, and some steps follow several. */
export const bootTimeoutMs = 10 * 60_000;

export function checkOn(planned: PlannedState, reportProblem: ReportProblem): void {
  if (!planned.on)
    reportProblem(undefined, 'a machine that is on (`boot` before it)', 'one that is off');
}

export function checkOff(planned: PlannedState, reportProblem: ReportProblem): void {
  if (planned.on)
    reportProblem(undefined, 'a machine that is off (`power-off` before it)', 'one that is on');
  if (!planned.flashed) {
    reportProblem(undefined, 'a `flash` before it', 'none');
    // Said once.
    planned.flashed = true;
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
  check(_spec, planned, reportProblem) {
    checkOff(planned, reportProblem);
    planned.on = true;
  },
  async run({ until: end = 'ready' }, context) {
    const first = begin(context);
    await context.machine.powerOn();
    return followBoot(context, end, first);
  },
});
