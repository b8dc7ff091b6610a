import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampled } from '../../support/exhaustive.ts';
import { runs } from '../../support/soak.ts';
import { builds } from './cut-builds.ts';
import { layRandomCut, randomOf, seeds } from './cut-random.ts';
import { recordUpdate } from './cut-recording.ts';
import { scenarios } from './cut-scenarios.ts';
import { allowedAt, stage } from './cut-stage.ts';

test.each(sampled(scenarios, 4))(
  'power cut with writes over $name lost, torn and in any order boots one of the two builds, complete',
  { timeout: 7_200_000 },
  async (scenario) => {
    const { recording, disk, judge, booted } = await stage(scenario);
    let cuts = 0;
    fc.assert(
      fc.property(seeds, (seed) =>
        disk.tried(() => {
          const cut = layRandomCut(recording, disk, randomOf(seed));
          fc.pre(cut !== undefined);
          cuts++;
          judge(cut);
        }),
      ),
      { numRuns: runs(60) },
    );
    expect(cuts).toBeGreaterThanOrEqual(runs(60));
    expect(booted.get(builds.current.name)).toBeGreaterThan(cuts / 2);
  },
);

test('power cut while an update is tried again after a power cut boots one of the two builds, complete', {
  timeout: 7_200_000,
}, async () => {
  let cuts = 0;
  const some = sampled(scenarios, 3);
  for (const scenario of some) {
    const { recording, disk, bundle, options, expectBoot, judge } = await stage(scenario);
    await fc.assert(
      fc.asyncProperty(seeds, (seed) =>
        disk.triedLater(async () => {
          const random = randomOf(seed);
          const first = layRandomCut(recording, disk, random);
          fc.pre(first !== undefined);
          judge(first);
          const initial = expectBoot(first.what, allowedAt(recording, first, scenario.initial));
          const again = await recordUpdate(disk, bundle, options);
          // The new build may be complete and wait.
          fc.pre(again.operations.length > 0);
          const second = layRandomCut(again, disk, random);
          fc.pre(second !== undefined);
          cuts++;
          expectBoot(`${first.what}; then ${second.what}`, allowedAt(again, second, initial));
        }),
      ),
      { numRuns: runs(5) },
    );
  }
  expect(cuts).toBeGreaterThanOrEqual(some.length * runs(5));
});
