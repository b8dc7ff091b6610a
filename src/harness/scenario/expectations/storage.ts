import { z } from 'zod';
import { integer, map } from '../../../recipe/field.ts';
import { pattern } from '../fields.ts';
import { askVmkd, storageAnswer } from '../vmkd-answer.ts';
import { defineExpectation, type Finding, right, wrong } from './expectation.ts';

type Answer = z.output<typeof storageAnswer>;

const accessible = 'accessible';
const keys = 'datastores, left-alone or blank';

const shape = {
  datastores: z
    .record(z.string(), pattern(), { error: 'a map such as { datastore1: accessible }' })
    .optional()
    .describe(
      'All datastores by name: accessible, or a regular expression for what is wrong with it',
    ),
  'left-alone': z
    .array(pattern(), { error: 'a list of regular expressions' })
    .optional()
    .describe('All disks that are left alone: a regular expression for the reason of each'),
  blank: integer(0, 64)
    .optional()
    .describe('How many disks are blank, and nothing was made of them'),
};
type Wanted = z.output<z.ZodObject<typeof shape>>;

export const storage = defineExpectation({
  key: 'storage',
  schema: map(shape).refine((wanted) => Object.keys(wanted).length > 0, { error: keys }),
  meaning: 'The host has these datastores and no others, and leaves these disks alone',
  power: 'on',
  needs: ['vmkd'],
  title: ({ datastores, 'left-alone': reasons, blank }) => {
    const names = Object.entries(datastores ?? {}).map(([name, { source }]) => `${name} ${source}`);
    const said = [
      ...(datastores ? [names.join(', ') || 'no datastore'] : []),
      ...(reasons ? [`${reasons.length} left alone`] : []),
      ...(blank === undefined ? [] : [`${blank} blank`]),
    ];
    return `storage ${said.join(', ')}`;
  },
  async look(wanted, { machine, timeoutMs }) {
    const answer = await askVmkd(machine, storageAnswer, 'storage.list', {}, timeoutMs);
    return judge(wanted, answer);
  },
});

function judge({ datastores, 'left-alone': reasons, blank }: Wanted, answer: Answer): Finding {
  const found: string[] = [];
  let good = true;
  if (datastores) {
    const names = answer.datastores.map(({ name }) => name);
    const same = names.length === Object.keys(datastores).length;
    good &&= same && answer.datastores.every((one) => isAs(one, datastores[one.name]));
    found.push(answer.datastores.map(datastoreText).join(', ') || 'no datastore');
  }
  const left = answer.disks.filter(({ state }) => state === 'left-alone');
  if (reasons) {
    const whys = left.map(({ why }) => why ?? '');
    const each = whys.every((why) => reasons.some((reason) => reason.test(why)));
    good &&= whys.length === reasons.length && each;
    good &&= reasons.every((reason) => whys.some((why) => reason.test(why)));
    found.push(
      left.map(({ name, why }) => `${name} left alone: ${why}`).join(', ') || 'none alone',
    );
  }
  if (blank !== undefined) {
    const blanks = answer.disks.filter(({ state }) => state === 'blank').length;
    good &&= blanks === blank;
    found.push(`${blanks} blank`);
  }
  return (good ? right : wrong)(found.join('; '));
}

type Datastore = Answer['datastores'][number];

/** One that is read-only after an error is accessible, and something is wrong with it. */
function isAs({ accessible: open, why }: Datastore, wanted: RegExp | undefined): boolean {
  if (wanted?.source === accessible) return open && why === null;
  return wanted?.test(why ?? '') ?? false;
}

function datastoreText({ name, accessible: open, why }: Datastore): string {
  return `${name} ${why ?? (open ? accessible : 'not accessible')}`;
}
