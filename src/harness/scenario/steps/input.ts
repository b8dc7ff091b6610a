import { z } from 'zod';
import { begin } from '../../run/play.ts';
import { bankNumber, several } from '../fields.ts';
import { defineStep } from '../step.ts';
import { checkOff, checkOn } from './boot.ts';

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

const keyError = 'a key such as esc, f12, ctrl-alt-delete';

export const key = defineStep({
  name: 'key',
  summary: 'Presses keys of the keyboard, one after another',
  shorthand: 'keys',
  lists: ['keys'],
  shape: {
    keys: several(
      z.string({ error: keyError }).regex(/^[a-z0-9_]+(-[a-z0-9_]+)*$/, { error: keyError }),
      keyError,
    ).describe("Names of QEMU's keys, joined with - where they are held together"),
  },
  timeoutMs: 60_000,
  needs: () => ['keys'],
  title: ({ keys }) => `key ${keys.join(', ')}`,
  check: (_spec, foresight, say) => checkOn(foresight, say),
  async run({ keys }, play) {
    begin(play);
    for (const name of keys) await play.machine.key(name);
    return undefined;
  },
});

export const choose = defineStep({
  name: 'choose',
  summary: "A person at the loader's menu boots a bank once, the next time that the loader starts",
  shorthand: 'bank',
  shape: { bank: bankNumber().describe('Which bank') },
  timeoutMs: 60_000,
  needs: () => ['loader'],
  title: ({ bank }) => `choose bank ${bank} at the loader`,
  check: (_spec, foresight, say) => checkOff(foresight, say),
  async run({ bank }, play) {
    await play.machine.atLoader({ wants: 'boot', partition: bank });
    return undefined;
  },
});
