import { z } from 'zod';
import { several } from '../fields.ts';
import { defineStep } from '../step.ts';
import { begin } from '../step-context.ts';
import { checkOn } from './boot.ts';

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
  check: (_spec, planned, reportProblem) => checkOn(planned, reportProblem),
  async run({ keys }, context) {
    begin(context);
    for (const name of keys) await context.machine.key(name);
    return undefined;
  },
});
