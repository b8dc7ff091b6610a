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
  check: (_spec, foresight, say) => checkOn(foresight, say),
  async run({ label = 'screenshot' }, play) {
    const name = `${label.replaceAll(/[^\w-]+/g, '-')}-${play.watch.lines.length}.png`;
    const path = await play.keep('', name, await play.machine.screenshot());
    play.emit({ type: 'screenshot', label, path });
    return undefined;
  },
});
