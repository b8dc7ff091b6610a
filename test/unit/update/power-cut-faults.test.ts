import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { applyBundle } from '../../../src/update/apply.ts';
import { memorySource } from '../../../src/update/source/byte-source.ts';
import { exhaustive, sampled } from '../../support/exhaustive.ts';
import { builds } from './cut-builds.ts';
import { dropping, type FaultyDisk, failingAt } from './cut-faults.ts';
import { storePartition, targetBank } from './cut-host.ts';
import { inWords, type Write } from './cut-recording.ts';
import { retried } from './cut-retry.ts';
import { scenarios } from './cut-scenarios.ts';
import { type Stage, stage } from './cut-stage.ts';

/** A bank that is taken out of use by one sector, and one that is made anew. */
const two = scenarios.filter(({ name }) => /a VALID bank$|without a file/.test(name));

/** How an update on a faulty disk ends: with the error of a medium, or not at all. */
async function endOf(
  { bundle, options }: Stage,
  { disk }: FaultyDisk,
): Promise<TwinbankError | undefined> {
  try {
    await applyBundle(memorySource('x.tbu', bundle), disk, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof TwinbankError) || error.kind !== 'io') throw error;
    return error;
  }
}

describe.each(sampled(two, 1))('an update over $name', (scenario) => {
  test('ends with the error of the medium at any operation, and succeeds the next time', async () => {
    const ready = await stage(scenario);
    const { disk, recording, judge } = ready;
    const operations = [...recording.operations.entries()];
    for (const [at, operation] of sampled(operations, 20)) {
      await disk.triedLater(async () => {
        const faulty = failingAt(disk, at);
        const error = await endOf(ready, faulty);
        expect(faulty.fired()).toBe(true);
        const what = `an error of ${inWords(operation, at)}`;
        expect(error?.code, what).toBe('device.write');
        judge({ what, done: at, begun: at + 1 });
        await retried(ready, 'at rest', what);
      });
    }
    expect(recording.operations.length).toBeGreaterThanOrEqual(55);
  });

  test('finds what the medium has dropped of its writes, and activates nothing', async () => {
    const ready = await stage(scenario);
    const { disk, recording, expectBoot } = ready;
    const writes = recording.operations.flatMap((one) => (one.does === 'write' ? [one] : []));
    const ends = { found: 0, harmless: 0 };
    const parts = [...writes.entries()].flatMap(([index, write]) =>
      droppedParts(write).map((part) => ({ index, write, ...part })),
    );
    for (const { index, write, from, until } of sampled(parts, 30)) {
      await disk.triedLater(async () => {
        const faulty = dropping(disk, { write: index, from, until });
        const error = await endOf(ready, faulty);
        expect(faulty.fired()).toBe(true);
        const what = `bytes ${from} to ${until} dropped of ${inWords(write, index)}`;
        if (error) {
          ends.found++;
          expect(error.code, what).toMatch(/^(update|state|bank)\.not-kept$/);
          const store = write.partition === storePartition ? 'broken' : 'whole';
          expectBoot(what, [builds.current.name], store);
          await retried(ready, 'at rest', what, store);
        } else {
          // It was written over later, or is in the second copy of a table: the update is whole.
          ends.harmless++;
          expectBoot(what, [builds.next.name]);
          const check = openFat(disk.partition(targetBank)).check();
          expect(check.filter(({ severity }) => severity === 'error')).toEqual([]);
        }
      });
    }
    expect(ends.found).toBeGreaterThanOrEqual(exhaustive ? 40 : 10);
    expect(ends.harmless).toBeGreaterThanOrEqual(exhaustive ? 1 : 0);
  });
});

/** All of a write, and each sector of those that are tables and directories. */
function droppedParts({ bytes }: Write): { from: number; until: number }[] {
  const { length } = bytes;
  const sectors = length <= 8192 && length > 512 ? Math.ceil(length / 512) : 0;
  const parts = Array.from({ length: sectors }, (_, sector) => {
    return { from: sector * 512, until: Math.min(length, sector * 512 + 512) };
  });
  return [{ from: 0, until: length }, ...parts];
}
