import { z } from 'zod';
import { defineStep } from '../step.ts';
import { checkOn } from './boot.ts';

export const screenshot = defineStep({
  name: 'screenshot',
  summary: "Keeps a picture of the machine's screen",
  shorthand: 'label',
  shape: { label: z.string({ error: 'a label' }).optional().describe('What the report calls it') },
  timeoutMs: 60_000,
  looks: true,
  needs: () => ['screen'],
  title: () => 'screenshot',
  check: (_spec, planned, reportProblem) => checkOn(planned, reportProblem),
  async run({ label = 'screenshot' }, context) {
    const name = `${label.replaceAll(/[^\w-]+/g, '-')}-${context.watch.lines.length}.png`;
    const path = await context.keep('', name, await context.machine.screenshot());
    context.emit({ type: 'screenshot', label, path });
    return undefined;
  },
});
