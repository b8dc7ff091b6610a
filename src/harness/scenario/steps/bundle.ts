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
  check({ build, from }, foresight, say) {
    const known = checkBuild('build', build, foresight, say);
    if (from !== undefined) checkBuild('from', from, foresight, say);
    if (known !== undefined) foresight.bundled.add(known);
  },
  async run({ build, from }, play) {
    const order = orderOf(play, build);
    const older = from === undefined ? undefined : orderOf(play, from);
    const made = await play.workshop.bundle(order, older, play.signal);
    play.desk.bundles[order.name] = made;
    play.desk.bundle = order.name;
    return made.build;
  },
});
