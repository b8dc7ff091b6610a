import { z } from 'zod';
import type { BuildOrder } from '../builds.ts';
import { defineStep, type PlannedState, type ReportProblem } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Names one of the scenario's builds; what is not one is a problem at its key. */
export function checkBuild(
  key: string,
  name: string | undefined,
  { builds }: PlannedState,
  reportProblem: ReportProblem,
): string | undefined {
  const known = name ?? builds[0];
  if (known !== undefined && builds.includes(known)) return known;
  reportProblem(
    key,
    `one of the scenario's builds (${builds.join(', ')})`,
    JSON.stringify(name),
    builds,
  );
  return undefined;
}

/** The order of a build that `checkBuild` has let pass; without a name the first. */
export function orderOf({ builds }: StepContext, name: string | undefined): BuildOrder {
  const order = name === undefined ? [...builds.values()][0] : builds.get(name);
  if (!order) throw new Error(`no build ${name}`);
  return order;
}

export const build = defineStep({
  name: 'build',
  summary: "Builds the image of one of the scenario's builds, the first one without a name",
  shorthand: 'build',
  shape: {
    build: z.string({ error: 'the name of a build' }).optional().describe('Which one'),
  },
  timeoutMs: 20 * 60_000,
  title: ({ build: name }) => (name === undefined ? 'build' : `build ${name}`),
  check({ build: name }, planned, reportProblem) {
    const known = checkBuild('build', name, planned, reportProblem);
    if (known !== undefined) planned.built.add(known);
  },
  async run({ build: name }, context) {
    const order = orderOf(context, name);
    const image = await context.artifactStore.image(order, context.signal);
    context.state.image = order.name;
    return image.build;
  },
});
