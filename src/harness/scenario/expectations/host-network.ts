import { z } from 'zod';
import { choice, flag, map } from '../../../recipe/field.ts';
import { pattern } from '../fields.ts';
import { askVmkd, networkAnswer } from '../vmkd-answer.ts';
import { defineExpectation, right, wrong } from './expectation.ts';

const links = ['up', 'down'] as const;

/** What the host itself says of its network; `port` and `http` look at it from outside. */
export const hostNetwork = defineExpectation({
  key: 'network',
  schema: map({
    uplinks: z
      .record(z.string(), choice(links), { error: 'a map such as { vmnic0: up }' })
      .optional()
      .describe('All network cards by name, and whether their cables are in'),
    addresses: z
      .record(z.string(), pattern(), { error: 'a map such as { vmk0: "^10[.]0[.]2[.]" }' })
      .optional()
      .describe('Interfaces by name: an address with its prefix that matches'),
    pending: flag().optional().describe('Whether a change waits to be confirmed'),
  }).refine((wanted) => Object.keys(wanted).length > 0, {
    error: 'uplinks, addresses or pending',
  }),
  meaning: 'The network as the host sees it',
  power: 'on',
  needs: ['vmkd'],
  title: ({ uplinks = {}, addresses = {}, pending }) => {
    const said = [
      ...Object.entries(uplinks).map((one) => one.join(' ')),
      ...Object.entries(addresses).map(([name, { source }]) => `${name} ${source}`),
      ...(pending === undefined ? [] : [pending ? 'a change waits' : 'no change waits']),
    ];
    return `network ${said.join(', ')}`;
  },
  async look({ uplinks, addresses = {}, pending }, { machine, timeoutMs }) {
    const answer = await askVmkd(machine, networkAnswer, 'network.get', {}, timeoutMs);
    const found: string[] = [];
    let good = (pending ?? answer.pending) === answer.pending;
    if (uplinks) {
      good &&= answer.uplinks.length === Object.keys(uplinks).length;
      good &&= answer.uplinks.every(({ name, link }) => uplinks[name] === link);
      found.push(answer.uplinks.map(({ name, link }) => `${name} ${link}`).join(', ') || 'no card');
    }
    for (const [name, wanted] of Object.entries(addresses)) {
      const has = answer.interfaces.find((one) => one.name === name)?.addresses;
      good &&= has?.some((address) => wanted.test(address)) ?? false;
      found.push(has ? `${name} ${has.join(', ') || 'without an address'}` : `no ${name}`);
    }
    if (pending !== undefined) found.push(answer.pending ? 'a change waits' : 'no change waits');
    return (good ? right : wrong)(found.join('; '));
  },
});
