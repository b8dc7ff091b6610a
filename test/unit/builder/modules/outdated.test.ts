import { expect, test } from 'vitest';
import { buildModules } from '../../../../src/builder/modules/build-modules.ts';
import type { ModulePlan } from '../../../../src/builder/modules/module.ts';
import { emptyContext, warnings } from '../components/surroundings.ts';

test('a module whose sources were edited while it was built is not found by the next build', async () => {
  const { context, events } = emptyContext();
  let source = 'before';
  /** As a module of sources does it: one look at them for the key, another one to build. */
  const build = async (edit?: string): Promise<string> => {
    const planned = source;
    const plan: ModulePlan = {
      name: 'x',
      fileName: 'x.v00',
      version: '1',
      components: [],
      tools: [],
      sonames: [],
      inputs: { source: planned },
      isOutdated: async () => source !== planned,
      build: async () => {
        source = edit ?? source;
        return { data: Buffer.from(source), paths: [] };
      },
    };
    const [module] = await buildModules([plan], context);
    return `${module?.sha256} ${module?.cached}`;
  };
  const mixed = await build('after');
  expect(warnings(events)).toEqual([expect.stringMatching(/^x\.v00: its sources were changed/)]);
  source = 'before';
  const before = await build();
  expect(before).toMatch(/ false$/);
  expect(before).not.toBe(mixed);
  expect(await build()).toBe(before.replace('false', 'true'));
});
