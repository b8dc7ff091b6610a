import { z } from 'zod';
import { begin } from '../../run/play.ts';
import { defineStep } from '../step.ts';
import { checkOn } from './boot.ts';

export const type = defineStep({
  name: 'type',
  summary: 'Types characters at the serial console; \\n is the Enter key',
  shorthand: 'text',
  shape: { text: z.string({ error: 'text in quotes' }).describe('What to type') },
  timeoutMs: 60_000,
  needs: () => ['type'],
  title: ({ text }) => `type ${JSON.stringify(text)}`,
  check: (_spec, foresight, say) => checkOn(foresight, say),
  async run({ text }, play) {
    begin(play);
    await play.machine.type(text);
    return undefined;
  },
});
