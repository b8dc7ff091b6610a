import { begin } from '../../run/play.ts';
import { defineStep } from '../step.ts';
import { checkOn } from './boot.ts';

export const powerOff = defineStep({
  name: 'power-off',
  summary: 'Presses the power button, and waits for the orderly end',
  shape: {},
  timeoutMs: 3 * 60_000,
  title: () => 'power off',
  check(_spec, foresight, say) {
    checkOn(foresight, say);
    foresight.on = false;
  },
  async run(_spec, play) {
    begin(play);
    await play.machine.powerOff();
    await play.markDisk('after power-off');
    return undefined;
  },
});
