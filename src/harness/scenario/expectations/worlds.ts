import { z } from 'zod';
import { worldStates } from '../../../hostcore/world-answers.ts';
import { choice, integer, map } from '../../../recipe/field.ts';
import { askVmkd, worldsAnswer } from '../vmkd-answer.ts';
import { defineExpectation, right, wrong } from './expectation.ts';

const state = () => choice(worldStates);

/** Its map first: what is wrong in a map is told of the map, and of a word as a word. */
const world = z.union(
  [
    map({
      state: state().describe('Its state'),
      restarts: integer(0, 1000).optional().describe('How often it was started again'),
    }),
    state(),
  ],
  { error: 'a state such as running, or a map such as { state: running, restarts: 1 }' },
);

export const worlds = defineExpectation({
  key: 'worlds',
  schema: z
    .record(z.string(), world, { error: 'a map of names and states, such as NAME: running' })
    .refine((wanted) => Object.keys(wanted).length > 0, { error: 'the name of an agent' }),
  meaning: 'The worlds of these agents, by name, are in this state',
  power: 'on',
  needs: ['vmkd'],
  title: (wanted) => {
    const each = Object.entries(wanted).map(([name, one]) => `${name} ${textOf(whole(one))}`);
    return `worlds ${each.join(', ')}`;
  },
  async look(wanted, { machine, timeoutMs }) {
    const answer = await askVmkd(machine, worldsAnswer, 'worlds.list', {}, timeoutMs);
    const each = Object.entries(wanted).map(([name, one]) => {
      const { state: expected, restarts } = whole(one);
      const found = answer.worlds.find((world) => world.name === name);
      const known = answer.worlds.map((world) => world.name).join(', ') || 'none';
      if (!found) return { good: false, text: `no ${name} among ${known}` };
      const good = found.state === expected && (restarts ?? found.restarts) === found.restarts;
      const shown = textOf(restarts === undefined ? { state: found.state } : found);
      const why = good ? '' : ` (${found.problem ?? 'no problem'})`;
      return { good, text: `${name} ${shown}${why}` };
    });
    const text = each.map((one) => one.text).join(', ');
    return each.every(({ good }) => good) ? right(text) : wrong(text);
  },
});

function whole(wanted: z.output<typeof world>) {
  return typeof wanted === 'string' ? { state: wanted, restarts: undefined } : wanted;
}

function textOf({ state, restarts }: { state: string; restarts?: number | undefined }): string {
  return restarts === undefined ? state : `${state} after ${restarts} restarts`;
}
