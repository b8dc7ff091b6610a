import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runs } from '../support/soak.ts';
import { layRandomCut, randomOf, seeds } from '../unit/update/cut-random.ts';
import { scenarios } from '../unit/update/cut-scenarios.ts';
import { stage } from '../unit/update/cut-stage.ts';

/** 20000 in all, of which a soak run makes a million. */
const cuts = Math.ceil(20_000 / scenarios.length);

it.each(scenarios)(
  'power cuts in an update over $name never leave a host without a build',
  async (scenario) => {
    const { recording, disk, judge } = await stage(scenario);
    let count = 0;
    fc.assert(
      fc.property(seeds, (seed) =>
        disk.tried(() => {
          const cut = layRandomCut(recording, disk, randomOf(seed));
          fc.pre(cut !== undefined);
          count++;
          judge(cut);
        }),
      ),
      { numRuns: runs(cuts) },
    );
    expect(count).toBeGreaterThanOrEqual(runs(cuts));
  },
);
