import { setTimeout as pause } from 'node:timers/promises';
import { durationText } from '../../../diagnostics/duration.ts';
import { choice, duration } from '../../../recipe/field.ts';
import {
  type BootStage,
  loaderStages,
  runtimeStages,
  stageFollower,
} from '../../console/boot-stage.ts';
import type { LinePattern } from '../../console/console-log.ts';
import { bankNumber, pattern } from '../fields.ts';
import { defineStep } from '../step.ts';
import { begin } from '../step-context.ts';
import { bootTimeoutMs, checkOff, checkOn } from './boot.ts';

const stages = [...loaderStages, ...runtimeStages] as const;

export const powerCut = defineStep({
  name: 'power-cut',
  summary: 'Pulls the plug: now, after a time, at a console line, or at a stage of a boot',
  shorthand: 'after',
  shape: {
    after: duration().optional().describe('So long from now'),
    at: pattern()
      .optional()
      .describe('At the next console line that matches; a machine that is off is switched on'),
    stage: choice(stages)
      .optional()
      .describe('When a boot reaches this stage; a machine that is off is switched on'),
    bank: bankNumber().optional().describe('Only when this bank reaches the stage'),
  },
  timeoutMs: bootTimeoutMs,
  needs: () => ['cut'],
  title: ({ after, at, stage, bank }) =>
    [
      'power cut',
      after !== undefined && `after ${durationText(after)}`,
      at && `at ${at}`,
      stage && `at stage ${stage}`,
      bank !== undefined && `of bank ${bank}`,
    ]
      .filter(Boolean)
      .join(' '),
  check({ after, at, stage, bank }, planned, reportProblem) {
    const ways = [after, at, stage].filter((one) => one !== undefined).length;
    if (ways > 1) reportProblem(undefined, 'one of after, at and stage', `${ways} of them`);
    if (bank !== undefined && stage === undefined)
      reportProblem('bank', 'a stage beside it', 'none');
    if (at === undefined && stage === undefined) checkOn(planned, reportProblem);
    else if (!planned.on) checkOff(planned, reportProblem);
    planned.on = false;
    planned.updating = false;
  },
  async run({ after, at, stage, bank }, context) {
    const { machine, signal, timeoutMs, state } = context;
    const line = at ?? (stage && stageLine(stage, bank));
    begin(context);
    if (line) {
      const cut = machine.cut({ line, timeoutMs });
      // It is awaited below; until then nobody hears of its failure.
      cut.catch(() => {});
      if (!machine.isOn()) await machine.powerOn();
      await cut;
    } else {
      if (after !== undefined) {
        await pause(after, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
      await machine.cut();
    }
    // An update that went on ends with its machine.
    await state.updating?.catch(() => {});
    delete state.updating;
    await context.reportDisk('after the power cut');
    return undefined;
  },
});

/** Matches the line of a stage; a follower has a memory, so each line is shown to it once. */
function stageLine(stage: BootStage, bank: number | undefined): LinePattern {
  const reached = stageFollower();
  return {
    test(text) {
      const now = reached(text);
      return now?.stage === stage && (bank === undefined || now.bank === bank);
    },
  };
}
