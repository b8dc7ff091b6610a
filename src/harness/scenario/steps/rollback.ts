import { choice, flag } from '../../../recipe/field.ts';
import { changeAtRest } from '../change-at-rest.ts';
import { followBoot } from '../follow-boot.ts';
import { defineStep } from '../step.ts';
import { begin, notApplicable } from '../step-context.ts';
import { askVmkd, rollbackAnswer } from '../vmkd-answer.ts';
import { bootTimeoutMs, checkOff, checkOn } from './boot.ts';

export const rollback = defineStep({
  name: 'rollback',
  summary:
    'Never boots the current bank again: by vmkd on a running machine, by `twinbank bank rollback` on one that is off, or by a person at the loader',
  shorthand: 'by',
  shape: {
    by: choice(['command', 'keyboard'])
      .optional()
      .describe('keyboard: a person presses r, then y, the next time that the loader starts'),
    reboot: flag()
      .optional()
      .describe('Reboot a running machine, and follow it until it is ready; default true'),
  },
  timeoutMs: bootTimeoutMs,
  title: ({ by = 'command' }) => `roll back by ${by}`,
  needs: ({ by }) => (by === 'keyboard' ? ['loader'] : []),
  check({ by }, planned, reportProblem) {
    if (by === 'keyboard') checkOff(planned, reportProblem);
    else if (!planned.flashed) checkOn(planned, reportProblem);
  },
  async run({ by, reboot = true }, context) {
    const { machine } = context;
    if (by === 'keyboard') {
      await machine.atLoader({ wants: 'rollback' });
      return 'at the next boot';
    }
    if (!machine.isOn()) return changeAtRest(context, 'rollback');
    if (!machine.abilities.has('vmkd')) {
      throw notApplicable(`a ${machine.kind} machine has no vmkd to roll it back while it runs`);
    }
    const first = begin(context);
    const { timeoutMs } = context;
    const { bank } = await askVmkd(machine, rollbackAnswer, 'bank.rollback', { reboot }, timeoutMs);
    if (!reboot) return `bank ${bank} rolled back`;
    return `bank ${bank} rolled back; ${await followBoot(context, 'ready', first)}`;
  },
});
