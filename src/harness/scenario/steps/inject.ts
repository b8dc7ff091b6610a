import { z } from 'zod';
import { type Injection, parseInjection } from '../../faults/injection.ts';
import { several } from '../fields.ts';
import { defineStep } from '../step.ts';
import { notApplicable, unmet } from '../step-context.ts';

export const inject = defineStep({
  name: 'inject',
  summary:
    'Injects faults: those of a boot before the machine is switched on, the others while it runs',
  shorthand: 'faults',
  lists: ['faults'],
  shape: {
    faults: several(
      z.string({ error: 'a fault such as kernel-panic@6' }),
      'a fault or a list of them',
    ).describe(
      'NAME[=ARGUMENT][@BANK], as `boot --fault` takes them, or a fault of a running machine',
    ),
  },
  timeoutMs: 60_000,
  title: ({ faults }) => `inject ${faults.join(', ')}`,
  check({ faults }, planned, reportProblem) {
    faults.forEach((text, index) => {
      const read = parseInjection(text);
      const key = `faults[${index}]`;
      if ('expected' in read) reportProblem(key, read.expected, read.found, read.words);
      else if (read.type === 'boot' && planned.on) {
        reportProblem(key, 'a machine that is off for a fault of a boot', 'one that is on');
      } else if (read.type === 'boot' && !planned.flashed)
        reportProblem(key, 'a `flash` before it', 'none');
      else if (read.type === 'live' && !planned.on) {
        reportProblem(key, 'a machine that is on for this fault', 'one that is off');
      }
    });
  },
  async run({ faults }, { machine, state, emit, watch }) {
    const read = faults.map(parseInjection).filter((one): one is Injection => 'type' in one);
    for (const { fault } of read) {
      const able = machine.canInject(fault);
      if (able !== true) throw notApplicable(able);
    }
    for (const [index, injection] of read.entries()) {
      await machine.inject(injection.fault);
      const boot = watch.boots.at(-1)?.number ?? 0;
      emit({ type: 'fault', boot, text: faults[index] ?? '' });
      if (injection.type === 'boot' && injection.fault.effect.on === 'power')
        state.cutsExpected = true;
    }
    return undefined;
  },
});

/** The last step of every scenario with faults: one that never happened has shown nothing. */
export const allFired = defineStep({
  name: 'faults',
  summary: 'Every fault that was injected has happened',
  shape: {},
  timeoutMs: 60_000,
  title: () => 'every fault has happened',
  async run(_spec, { machine }) {
    const waiting = machine.unfired();
    if (waiting.length > 0) throw unmet('every fault to happen', `${waiting.join(', ')} waiting`);
    return undefined;
  },
});
