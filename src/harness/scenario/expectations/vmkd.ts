import { z } from 'zod';
import { map } from '../../../recipe/field.ts';
import { parts } from '../fields.ts';
import { askVmkd, statusAnswer } from '../vmkd-answer.ts';
import { defineExpectation, hasParts, partsText, right, wrong } from './expectation.ts';

const shown = 300;
/** Of an answer of which nothing is expected. */
const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > shown ? `${text.slice(0, shown)}…` : text;
};

export const vmkd = defineExpectation({
  key: 'vmkd',
  schema: map({
    method: z
      .string({ error: 'a method of vmkd, such as status' })
      .describe('What is asked (docs/vmkd.md)'),
    params: parts('a map of parameters').optional().describe('Its parameters'),
    answer: z
      .unknown()
      .optional()
      .describe('Parts that the answer has to have; text between slashes is a regular expression'),
    error: z
      .string({ error: 'a part of the message' })
      .optional()
      .describe('It has to be refused with a message that contains this'),
  }),
  meaning: "vmkd's answer over the virtio-serial port has these parts",
  power: 'on',
  needs: ['vmkd'],
  title: ({ method }) => `vmkd ${method}`,
  async look({ method, params, answer, error }, { machine, timeoutMs }) {
    let found: unknown;
    try {
      found = await machine.vmkd.call(method, params, timeoutMs);
    } catch (refused) {
      const { message } = refused as Error;
      if (error === undefined) throw refused;
      return message.includes(error) ? right(message) : wrong(message);
    }
    if (error !== undefined) return wrong(`an answer: ${short(found)}`);
    if (answer === undefined) return right(short(found));
    const parts = partsText(found, answer);
    return hasParts(found, answer) ? right(parts) : wrong(parts);
  },
});

export const health = defineExpectation({
  key: 'health',
  schema: z.string({ error: 'ok, or a regular expression for a problem' }),
  meaning: 'ok: vmkd has no problem; or a problem that matches',
  power: 'on',
  needs: ['vmkd'],
  title: (wanted) => `health ${wanted}`,
  async look(wanted, { machine }) {
    const { problems } = await askVmkd(machine, statusAnswer, 'status');
    const found = problems.length === 0 ? 'no problem' : problems.join('; ');
    if (wanted === 'ok') return problems.length === 0 ? right(found) : wrong(found);
    return problems.some((one) => new RegExp(wanted).test(one)) ? right(found) : wrong(found);
  },
});

export const state = defineExpectation({
  key: 'state',
  schema: parts('a map such as { hostname: esx-lab }'),
  meaning: 'Settings of the running host, as `configure` sets them',
  power: 'on',
  needs: ['vmkd'],
  title: (wanted) => `state ${Object.keys(wanted).join(', ')}`,
  async look(wanted, { machine }) {
    const found = await machine.vmkd.call('config.get');
    const parts = partsText(found, wanted);
    return hasParts(found, wanted) ? right(parts) : wrong(parts);
  },
});
