import { defineStep } from '../step.ts';
import { begin } from '../step-context.ts';
import { checkOn } from './boot.ts';

export const powerOff = defineStep({
  name: 'power-off',
  summary: 'Presses the power button, and waits for the orderly end',
  shape: {},
  timeoutMs: 3 * 60_000,
  title: () => 'power off',
  check(_spec, planned, reportProblem) {
    checkOn(planned, reportProblem);
    planned.on = false;
  },
  async run(_spec, context) {
    begin(context);
    await context.machine.powerOff();
    await context.reportDisk('after power-off');
    return undefined;
  },
});
