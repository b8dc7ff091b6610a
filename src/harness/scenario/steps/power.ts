import { z } from 'zod';
import { choice } from '../../../recipe/field.ts';
import { type BootStage, loaderStages, runtimeStages, stageFollower } from '../../boot-stage.ts';
import type { LinePattern } from '../../console-log.ts';
import { followBoot } from '../../run/follow-boot.ts';
import { begin } from '../../run/play.ts';
import { bankNumber, duration, durationText, pattern } from '../fields.ts';
import { defineStep } from '../step.ts';
import { until, untilTitle } from '../until.ts';
import { bootTimeoutMs, checkOff, checkOn } from './boot.ts';

export const reboot = defineStep({
  name: 'reboot',
  summary: 'Lets the running system reboot in order, and follows it',
  shorthand: 'until',
  shape: { until: until() },
  timeoutMs: bootTimeoutMs,
  needs: () => ['vmkd'],
  title: ({ until: end }) => `reboot${untilTitle(end)}`,
  check: (_spec, foresight, say) => checkOn(foresight, say),
  async run({ until: end = 'ready' }, play) {
    const first = begin(play);
    await play.machine.vmkd.call('shutdown', { mode: 'reboot' });
    return followBoot(play, end, first);
  },
});

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

export const heal = defineStep({
  name: 'heal',
  summary: 'Ends what `inject` began on the running machine',
  shape: {},
  timeoutMs: 60_000,
  title: () => 'heal',
  async run(_spec, play) {
    await play.machine.heal();
    const boot = play.watch.boots.at(-1)?.number ?? 0;
    play.emit({ type: 'fault', boot, text: 'healed' });
    return undefined;
  },
});

export const screenshot = defineStep({
  name: 'screenshot',
  summary: "Keeps a picture of the machine's screen",
  shorthand: 'label',
  shape: { label: z.string({ error: 'a label' }).optional().describe('What the report calls it') },
  timeoutMs: 60_000,
  looks: true,
  needs: () => ['screen'],
  title: () => 'screenshot',
  check: (_spec, foresight, say) => checkOn(foresight, say),
  async run({ label = 'screenshot' }, play) {
    const name = `${label.replaceAll(/[^\w-]+/g, '-')}-${play.watch.lines.length}.png`;
    const path = await play.keep('', name, await play.machine.screenshot());
    play.emit({ type: 'screenshot', label, path });
    return undefined;
  },
});
