import { z } from 'zod';
import { isLive, type LiveFault, type NamedFault } from '../../faults/fault.ts';
import { parseScenarioFault } from '../../faults/parse-fault.ts';
import { several } from '../fields.ts';
import { defineStep } from '../step.ts';
import { notApplicable, unmet } from '../step-context.ts';

export const inject = defineStep({
  name: 'inject',
  summary:
    'Injects faults: faults of a boot before the machine is switched on, all others while it runs',
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
      const fault = parseScenarioFault(text);
      const key = `faults[${index}]`;
      if ('expected' in fault) {
        reportProblem(key, fault.expected, fault.found, fault.candidates);
      } else if (isLive(fault)) {
        if (!planned.on) {
          reportProblem(key, 'a machine that is on for this fault', 'one that is off');
        }
      } else if (planned.on) {
        reportProblem(key, 'a machine that is off for a fault of a boot', 'one that is on');
      } else if (!planned.flashed) reportProblem(key, 'a `flash` before it', 'none');
    });
  },
  async run({ faults: texts }, { machine, state, emit, watch }) {
    const faults = texts.map(parsedFault);
    for (const fault of faults) {
      const able = machine.canInject(fault);
      if (able !== true) throw notApplicable(able);
    }
    for (const [index, fault] of faults.entries()) {
      await machine.inject(fault);
      const boot = watch.boots.at(-1)?.number ?? 0;
      emit({ type: 'fault', boot, text: texts[index] ?? '' });
      if (!isLive(fault) && fault.effect.on === 'power') state.cutsExpected = true;
    }
    return undefined;
  },
});

/** A fault that `check` has let pass. */
function parsedFault(text: string): NamedFault | LiveFault {
  const fault = parseScenarioFault(text);
  if ('expected' in fault) throw new Error(`no fault: ${text}`);
  return fault;
}

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
