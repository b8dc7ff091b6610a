import { cpus } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampled } from '../../support/exhaustive.ts';
import type { BankState, BankStates } from '../bank-state.ts';
import { setUp } from '../bank-state.ts';
import { bootCfgOf } from '../disk.ts';
import { plannedBoots } from '../planned-boots.ts';
import { writeReport } from '../report.ts';
import { compareBoot, disagreements, overDisks } from './compare.ts';
import { type EmuDisk, emuDisk, endGrubEmus, hasGrubEmu, runGrubEmu } from './run.ts';

function pair(five: BankState, six: BankState): BankStates {
  return new Map([
    [5, { updated: 2, ...five }],
    [6, six],
  ]);
}

describe.skipIf(!hasGrubEmu && !process.env.CI)('the GRUB script over damaged banks', () => {
  const disks: EmuDisk[] = [];
  beforeAll(() => {
    for (let i = 0; i < 2 * cpus().length; i++) disks.push(emuDisk([5, 6]));
  });
  afterAll(() => {
    endGrubEmus();
    for (const { file } of disks) file.remove();
  });

  it('does what the pure function does in every state that the firmwares boot', async () => {
    const boots = sampled(
      plannedBoots.filter(({ readOnly, again }) => !readOnly && !again),
      15,
    );
    const rows = await overDisks(disks, boots, (disk, { title, states }) =>
      compareBoot(disk, states, { title }),
    );
    console.log(writeReport('4-planned', 'The boots of the firmwares in grub-emu', rows));
    expect(disagreements(rows)).toEqual([]);
    const without = boots.filter(({ rule }, index) => rule && !rows[index]?.rules.includes(rule));
    expect(without.map(({ title }) => title)).toEqual([]);
  });

  it('falls back from a flipped bit, a missing, an empty and a cut file, whichever it is', async () => {
    const files = [...disks[0]!.files.get(5)!.keys()].filter((name) => name !== 'boot.cfg');
    const states = files.flatMap((file) =>
      (['flip', 'missing', 'empty', 'short'] as const).flatMap((what) => {
        // Forty bytes hold all of the last module.
        if (what === 'short' && file === 'a.v00') return [];
        return [pair({ marks: '00-', damage: [{ what, file }] }, { marks: '00-' })];
      }),
    );
    expect(states).toHaveLength(31);
    const tried = sampled(states, 8);
    const rows = await overDisks(disks, tried, (disk, one) => compareBoot(disk, one));
    expect(disagreements(rows)).toEqual([]);
    expect(rows.map(({ selection }) => selection.booted)).toEqual(tried.map(() => 6));
  });

  it('agrees about a boot.cfg with one flipped bit, wherever it is', async () => {
    const last = bootCfgOf(5, {}).indexOf('\n#') + 20;
    const step = process.env.TWINBANK_MATRIX === 'all' ? 1 : 37;
    const all = Array.from({ length: Math.floor((last * 8) / step) }, (_, index) => index * step);
    const bits = sampled(all, 10);
    const rows = await overDisks(disks, bits, (disk, at) => {
      const five: BankState = { marks: at % 2 ? '10-' : '01H', damage: [{ what: 'bit', at }] };
      return compareBoot(disk, pair(five, { marks: '00-' }));
    });
    expect(disagreements(rows)).toEqual([]);
    expect(rows).toHaveLength(bits.length);
  });

  it('agrees about a boot.cfg that is torn or mixed at any byte', async () => {
    const step = process.env.TWINBANK_MATRIX === 'all' ? 1 : 13;
    const all = Array.from({ length: Math.floor(1024 / step) }, (_, index) => index * step);
    const cuts = sampled(all, 10);
    const rows = await overDisks(disks, cuts, (disk, at) => {
      const what = at % 2 === 0 ? 'torn' : 'mixed';
      const five: BankState = { marks: at % 3 ? '10-' : '01-', damage: [{ what, at }] };
      return compareBoot(disk, pair(five, { marks: '00-' }));
    });
    expect(disagreements(rows)).toEqual([]);
    expect(rows).toHaveLength(cuts.length);
  });

  it('refuses a bank whose .sum cannot be read, for which hashsum --check is true', async () => {
    const disk = disks[0]!;
    setUp(disk, disk.work, pair({ marks: '00-' }, { marks: '31-' }));
    // A cluster behind the end of the volume.
    disk.work.writeUInt16LE(0xfff0, disk.place(5, 'vmkernel.sum').entry + 26);
    disk.file.set(disk.work);
    const { lines } = await runGrubEmu(disk);
    expect(lines).toContain('twinbank: bank 5 refused: contents: vmkernel.sum is unreadable');
  });
});
