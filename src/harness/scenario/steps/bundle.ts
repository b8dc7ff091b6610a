import { z } from 'zod';
import { defineStep } from '../step.ts';
import { checkBuild, orderOf } from './build.ts';

export const bundle = defineStep({
  name: 'bundle',
  summary: 'Makes the signed bundle of a build, for `update`',
  shorthand: 'build',
  shape: {
    build: z.string({ error: 'the name of a build' }).optional().describe('Which build'),
    from: z
      .string({ error: 'the name of a build' })
      .optional()
      .describe('Leave out what hosts with this build have; default: everything is in it'),
  },
  timeoutMs: 20 * 60_000,
  title: ({ build, from }) =>
    `bundle ${build ?? ''}${from === undefined ? '' : `, what ${from} lacks`}`.trimEnd(),
  check({ build, from }, planned, reportProblem) {
    const known = checkBuild('build', build, planned, reportProblem);
    if (from !== undefined) checkBuild('from', from, planned, reportProblem);
    if (known !== undefined) planned.bundled.add(known);
  },
  async run({ build, from }, context) {
    const order = orderOf(context, build);
    const older = from === undefined ? undefined : orderOf(context, from);
    const made = await context.artifactStore.bundle(order, older, context.signal);
    context.state.bundles[order.name] = made;
    context.state.bundle = order.name;
    return made.build;
  },
});
