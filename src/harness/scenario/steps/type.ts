import { z } from 'zod';
import { defineStep } from '../step.ts';
import { begin } from '../step-context.ts';
import { checkOn } from './boot.ts';

export const type = defineStep({
  name: 'type',
  summary: 'Types characters at the serial console; \\n is the Enter key',
  shorthand: 'text',
  shape: { text: z.string({ error: 'text in quotes' }).describe('What to type') },
  timeoutMs: 60_000,
  needs: () => ['type'],
  title: ({ text }) => `type ${JSON.stringify(text)}`,
  check: (_spec, planned, reportProblem) => checkOn(planned, reportProblem),
  async run({ text }, context) {
    begin(context);
    await context.machine.type(text);
    return undefined;
  },
});
