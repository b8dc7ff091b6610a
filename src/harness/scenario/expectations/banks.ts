import { z } from 'zod';
import { journalSentence } from '../../../bootloader/journal-sentence.ts';
import { stateLabel } from '../../../bootloader/rules.ts';
import { journalOfDisk } from '../../../bootloader/store-journal.ts';
import { text } from '../../../recipe/field.ts';
import { readBankForUpdate } from '../../../update/bank-reading.ts';
import type { HostBank } from '../../../update/host-disk.ts';
import { hostDiskOf } from '../../machine/host-disk.ts';
import { bankNumber, pattern, several } from '../fields.ts';
import { defineExpectation, right, wrong } from './expectation.ts';

export const bank = defineExpectation({
  key: 'bank',
  schema: bankNumber(),
  meaning: 'The bank that runs, by the number of its partition',
  power: 'on',
  title: (wanted) => `bank ${wanted}`,
  look(wanted, { watch }) {
    const found = watch.boots.at(-1)?.booted ?? null;
    return found === wanted ? right(`bank ${found}`) : wrong(`bank ${found ?? 'none'}`);
  },
});

export const version = defineExpectation({
  key: 'version',
  schema: z.string({ error: 'a version in quotes, such as "1.1.0" or "1.1.0-1"' }),
  meaning: 'The version that runs, with or without its build number',
  power: 'on',
  title: (wanted) => `version ${wanted}`,
  look(wanted, { watch }) {
    const found = watch.boots.at(-1)?.build ?? 'none';
    return found === wanted || found.replace(/-[^-]*$/, '') === wanted
      ? right(found)
      : wrong(found);
  },
});

const marks = /^(VALID|UPGRADING|DIRTY|INVALID|MALFORMED)( [0-3])?( [-THBRU])?$/;
const marksError = 'STATE [ATTEMPTS] [VERDICT], such as VALID 0 - or INVALID T';

export const banks = defineExpectation({
  key: 'banks',
  schema: z.record(
    z.string().regex(/^[1-9][0-9]{0,2}$/, { error: "the number of a bank's partition" }),
    text(marksError, marks),
    { error: 'a map such as { 5: VALID, 6: INVALID T }' },
  ),
  meaning: 'State, and where wanted attempts and verdict, of banks on the disk: `6: INVALID T`',
  needs: ['disk'],
  once: true,
  title: (wanted) =>
    `banks ${Object.entries(wanted)
      .map(([number, one]) => `${number} ${one}`)
      .join(', ')}`,
  async look(wanted, { machine }) {
    const found = await machine.withDisk((device) => hostDiskOf(device).banks.map(marksOf));
    const all = found.map((one) => `${one.number}: ${one.text}`).join(', ');
    const good = Object.entries(wanted).every(([number, one]) => {
      const there = found.find((bank) => bank.number === Number(number));
      return there !== undefined && hasMarks(there, one);
    });
    return good ? right(all) : wrong(all);
  },
});

/** Of one bank, without a look at its modules. */
function marksOf({ number, device }: HostBank) {
  const { bootCfg } = readBankForUpdate(number, device);
  if (!bootCfg.ok) return { number, text: 'MALFORMED', state: 'MALFORMED' };
  const { bootstate, attempts, verdict, build } = bootCfg.cfg;
  const state = stateLabel(bootstate);
  return { number, state, attempts, verdict, text: `${state} ${attempts} ${verdict} ${build}` };
}

function hasMarks(
  bank: { readonly state: string; readonly attempts?: string; readonly verdict?: string },
  wanted: string,
): boolean {
  const [state, ...rest] = wanted.split(' ');
  return (
    bank.state === state && rest.every((mark) => mark === bank.attempts || mark === bank.verdict)
  );
}

export const journal = defineExpectation({
  key: 'journal',
  schema: several(pattern(), 'a regular expression or a list of them'),
  list: true,
  meaning:
    'Records of the boot journal that match, one after another, in the words of `twinbank bank`',
  needs: ['disk'],
  once: true,
  title: (wanted) => `journal ${wanted.join(', ')}`,
  async look(wanted, { machine }) {
    const sentences = (await machine.withDisk((device) => journalOfDisk(device))).map(
      journalSentence,
    );
    let at = 0;
    for (const expression of wanted) {
      const index = sentences.findIndex(
        (sentence, number) => number >= at && expression.test(sentence),
      );
      if (index === -1) return wrong(`no record like ${expression} in: ${sentences.join('; ')}`);
      at = index + 1;
    }
    return right(`${sentences.length} records`);
  },
});
