import { expect } from 'vitest';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { simulateBoot } from '../../../src/harness/sim/sim-boot.ts';
import { type ApplyResult, applyBundle } from '../../../src/update/apply.ts';
import { memorySource } from '../../../src/update/source/byte-source.ts';
import { builds } from './cut-builds.ts';
import { keptBank, storePartition, targetBank } from './cut-host.ts';
import type { Stage } from './cut-stage.ts';

/** Who updates a host again whose update was cut short. */
export const retries = ['at rest', 'after a boot'] as const;
export type Retry = (typeof retries)[number];

/**
 * Updates a host again, its disk being as it is now: before it was switched on, or by the system that it
 * boots, once that is confirmed. Then the new build has to boot. Takes back what it wrote; undefined, where the
 * host runs from a bank that no update can keep.
 */
export async function retried(
  { scenario, bundle, disk, expectBoot }: Stage,
  retry: Retry,
  what: string,
  store: 'whole' | 'broken' = 'whole',
): Promise<ApplyResult['outcome'] | undefined> {
  return disk.triedLater(async () => {
    let running = scenario.running;
    if (retry === 'after a boot') running = simulateBoot(disk.simulated).booted ?? undefined;
    const booted = disk.simulated.banks.find(({ partition }) => partition === running);
    const cfg = booted?.readBootCfg();
    const isNew = cfg?.ok && cfg.cfg.build === builds.next.name;
    if (scenario.neverKept && running === targetBank && !isNew) return undefined;
    const source = memorySource('x.tbu', bundle);
    const options = running === undefined ? {} : { running };
    const { outcome } = await applyBundle(source, disk.forUpdate(), options);
    if (outcome === 'updated') {
      const partitions = [running === targetBank ? keptBank : targetBank];
      if (store === 'whole') partitions.push(storePartition);
      const findings = partitions.flatMap((one) => openFat(disk.partition(one)).check());
      // Nothing of the first try takes room.
      expect(
        findings.filter(({ code }) => code === 'fat.lost-clusters'),
        what,
      ).toEqual([]);
    }
    expectBoot(`${what}, updated again ${retry}`, [builds.next.name], store);
    return outcome;
  });
}
