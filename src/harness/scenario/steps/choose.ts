import { bankNumber } from '../fields.ts';
import { defineStep } from '../step.ts';
import { checkOff } from './boot.ts';

export const choose = defineStep({
  name: 'choose',
  summary: "A person at the loader's menu boots a bank once, the next time that the loader starts",
  shorthand: 'bank',
  shape: { bank: bankNumber().describe('Which bank') },
  timeoutMs: 60_000,
  needs: () => ['loader'],
  title: ({ bank }) => `choose bank ${bank} at the loader`,
  check: (_spec, planned, reportProblem) => checkOff(planned, reportProblem),
  async run({ bank }, context) {
    await context.machine.atLoader({ wants: 'boot', partition: bank });
    return undefined;
  },
});
