import { choice } from '../../../recipe/field.ts';
import {
  type BootStage,
  loaderStages,
  runtimeStages,
  stageFollower,
} from '../../console/boot-stage.ts';
import type { LinePattern } from '../../console/console-log.ts';
import { begin } from '../../run/play.ts';
import { bankNumber, duration, durationText, pattern } from '../fields.ts';
import { defineStep } from '../step.ts';
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
  check({ after, at, stage, bank }, foresight, say) {
    const ways = [after, at, stage].filter((one) => one !== undefined).length;
    if (ways > 1) say(undefined, 'one of after, at and stage', `${ways} of them`);
    if (bank !== undefined && stage === undefined) say('bank', 'a stage beside it', 'none');
    if (at === undefined && stage === undefined) checkOn(foresight, say);
    else if (!foresight.on) checkOff(foresight, say);
    foresight.on = false;
    foresight.updating = false;
  },
  async run({ after, at, stage, bank }, play) {
    const { machine, signal, timeoutMs, desk } = play;
    const line = at ?? (stage && stageLine(stage, bank));
    begin(play);
    if (line) {
      const cut = machine.cut({ line, timeoutMs });
      // It is awaited below; until then nobody hears of its failure.
      cut.catch(() => {});
      if (!machine.isOn()) await machine.powerOn();
      await cut;
    } else {
      if (after !== undefined) await pause(after, signal);
      await machine.cut();
    }
    // An update that went on ends with its machine.
    await desk.updating?.catch(() => {});
    delete desk.updating;
    await play.markDisk('after the power cut');
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

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
