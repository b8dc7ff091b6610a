import { cpus } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exhaustive, sampled, sampleSeed } from '../../support/exhaustive.ts';
import type { BankStates } from '../bank-state.ts';
import { covering, marksOfStates } from '../covering.ts';
import { product, productSize, sample } from '../product.ts';
import { writeReport } from '../report.ts';
import { compareBoot, compareBoots, disagreements, overDisks } from './compare.ts';
import { type EmuDisk, emuDisk, endGrubEmus, hasGrubEmu } from './run.ts';

// A run waits for half of its time, to be halted.
const workers = 2 * cpus().length;
const what = exhaustive ? 'Full product' : `A sample (TWINBANK_SEED=${sampleSeed})`;

describe.skipIf(!hasGrubEmu && !process.env.CI)('the GRUB script over the states of banks', () => {
  const two: EmuDisk[] = [];
  const three: EmuDisk[] = [];
  let marks: (states: BankStates) => string[];
  beforeAll(() => {
    for (let i = 0; i < workers; i++) {
      two.push(emuDisk([5, 6]));
      three.push(emuDisk([5, 6, 9]));
    }
    marks = marksOfStates(two[0]!);
  });
  afterAll(() => {
    endGrubEmus();
    for (const { file } of [...two, ...three]) file.remove();
  });
  it('decides and writes what the pure function does, over the product of two banks', async () => {
    const all = product();
    expect(productSize).toBe((4 * 4 * 2 * 2) ** 2 * 3);
    // 32 readable and 2 torn ones each; the order counts where both can be read.
    expect(all.length).toBe(32 * 32 * 3 + 2 * (32 * 2) + 2 * 2);
    const states = exhaustive ? all : covering(all, marks, 120, sampleSeed);
    const rows = await overDisks(two, states, compareBoot);
    console.log(writeReport('1-product', `${what} of two banks in grub-emu`, rows));
    expect(disagreements(rows)).toEqual([]);
    expect(rows).toHaveLength(states.length);
    // Whatever any of them has, a sample has.
    expect(new Set(states.flatMap(marks))).toEqual(new Set(all.flatMap(marks)));
    // Torn ones are refused, every time.
    const isTorn = (one: BankStates) =>
      [...one.values()].some(({ damage = [] }) => damage.some(({ what }) => what !== 'flip'));
    expect(all.filter(isTorn)).toHaveLength(2 * (32 * 2) + 2 * 2);
    const malformed = rows.filter(({ rules }) => rules.includes('malformed'));
    expect(malformed.map(({ states }) => states)).toEqual(states.filter(isTorn));
  });

  it('goes on from what it has written, over three unconfirmed boots in a row', async () => {
    const states = sampled(sample(product(), 120), 15);
    const rows = await overDisks(two, states, (disk, state) => compareBoots(disk, state, 3));
    console.log(writeReport('2-sequences', 'Three boots in a row in grub-emu', rows.flat()));
    expect(disagreements(rows.flat())).toEqual([]);
    expect(rows.flat()).toHaveLength(3 * states.length);
  });

  it('keeps the order of three banks', async () => {
    const pairs = product().filter((_, index) => index % 17 === 3);
    const all = pairs.map((pair, index) => {
      const [, third] = [...pairs[(index * 7 + 5) % pairs.length]!.values()];
      return new Map([...pair, [9, third!]]);
    });
    expect(all.length).toBeGreaterThan(150);
    const states = sampled(all, 20);
    const rows = await overDisks(three, states, compareBoot);
    console.log(writeReport('3-three-banks', 'Three banks in grub-emu', rows));
    expect(disagreements(rows)).toEqual([]);
    expect(rows).toHaveLength(states.length);
  });
});
