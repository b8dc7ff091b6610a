import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampled } from '../../support/exhaustive.ts';
import { runs } from '../../support/soak.ts';
import { layRandomCut, randomOf, seeds } from './cut-random.ts';
import { retried, retries } from './cut-retry.ts';
import { scenarios } from './cut-scenarios.ts';
import { stage } from './cut-stage.ts';

/** Of the 200 in all. */
const cutsOfEach = Math.ceil(200 / scenarios.length);

test.each(sampled(scenarios, 2))(
  'an update over $name that was cut short succeeds when it is tried again',
  { timeout: 7_200_000 },
  async (scenario) => {
    const ready = await stage(scenario);
    const { recording, disk, judge } = ready;
    const outcomes = { updated: 0, waiting: 0, running: 0, planned: 0 };
    const retryBoth = async (what: string): Promise<void> => {
      for (const retry of retries) {
        const outcome = await retried(ready, retry, what);
        if (outcome) outcomes[outcome]++;
      }
    };
    const { operations } = recording;
    const boundaries = new Set([...recording.steps, recording.activation, operations.length]);
    await disk.triedLater(async () => {
      for (let at = 0; at <= operations.length; at++) {
        if (boundaries.has(at)) await retryBoth(`cut before operation ${at}`);
        const operation = operations[at];
        if (operation?.does === 'write') disk.lay([operation]);
      }
    });
    // Complete, it waits for its first boot; after that it runs.
    expect(outcomes).toMatchObject({ waiting: 1, running: 1, planned: 0 });
    expect(outcomes.updated).toBeGreaterThanOrEqual(7);

    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(seeds, (seed) =>
        disk.triedLater(async () => {
          const cut = layRandomCut(recording, disk, randomOf(seed));
          fc.pre(cut !== undefined);
          cuts++;
          judge(cut);
          await retryBoth(cut.what);
        }),
      ),
      { numRuns: runs(cutsOfEach) },
    );
    expect(cuts).toBeGreaterThanOrEqual(runs(cutsOfEach));
    expect(outcomes.updated).toBeGreaterThan(cuts);
  },
);
