import { expect, test } from 'vitest';
import { sampled } from '../../support/exhaustive.ts';
import { builds } from './cut-builds.ts';
import { everyOrder, everyPrefix, tornWrites } from './cut-cases.ts';
import { targetBank } from './cut-host.ts';
import { pendingAt } from './cut-recording.ts';
import { scenarios } from './cut-scenarios.ts';
import { stage } from './cut-stage.ts';

test.each(sampled(scenarios, 2))(
  'power cut anywhere in an update over $name boots the bank that is kept, or the new build complete',
  async (scenario) => {
    const { recording, disk, judge, booted, expectBoot } = await stage(scenario);
    expect(expectBoot('before it', [scenario.initial])).toBe(scenario.initial);

    const { operations, steps, activation } = recording;
    // All is on the medium before it is read back, and before one write makes it count.
    for (const at of [...steps, activation]) expect(pendingAt(recording, at)).toEqual([]);
    const prefixes = everyPrefix(recording, disk, judge);
    expect(prefixes).toBe(operations.length + 1);
    expect(operations.length).toBeGreaterThanOrEqual(55);
    const torn = tornWrites(recording, disk, judge);
    expect(torn).toBeGreaterThanOrEqual(400);
    const { orders, disks } = everyOrder(recording, disk, judge);
    expect(orders).toBeGreaterThanOrEqual(100);
    expect(disks).toBeGreaterThanOrEqual(30);

    const highest = disk.simulated.banks.map((one) => one.readBootCfg());
    const updated = 1 + Math.max(...highest.map((one) => (one.ok ? one.cfg.updated : 0)));
    disk.tried(() => {
      disk.lay(operations.flatMap((one) => (one.does === 'write' ? [one] : [])));
      const bank = disk.simulated.banks.find(({ partition }) => partition === targetBank);
      const trial = { bootstate: '1', attempts: '0', verdict: '-' };
      expect(bank?.readBootCfg()).toMatchObject({ ok: true, cfg: { ...trial, updated } });
    });

    const judged = [...booted.values()].reduce((sum, count) => sum + count);
    expect(judged).toBe(1 + prefixes + torn + disks);
    const { current, next } = builds;
    expect(new Set(booted.keys())).toEqual(new Set([scenario.initial, current.name, next.name]));
  },
);
