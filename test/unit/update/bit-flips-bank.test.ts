import { expect, test } from 'vitest';
import { readSum } from '../../../src/bootloader/sum-file.ts';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { simulateBoot } from '../../../src/harness/sim/sim-boot.ts';
import { readBankForUpdate } from '../../../src/update/bank-reading.ts';
import { chooseBanks } from '../../../src/update/choose-banks.ts';
import { verifyBank } from '../../../src/update/verify-bank.ts';
import { exhaustive } from '../../support/exhaustive.ts';
import type { CutDisk } from './cut-disk.ts';
import { keptBank, targetBank } from './cut-host.ts';
import { allBits, bitOfEachByte, flipDisk, someBits, whileFileFlipped } from './flip-host.ts';

const modules = ['vmkernel', 'boot.v00', 'engine.v00', 'acmecim.v00'];
const signed = ['base.json', 'base.sig', 'acme.json', 'acme.sig'];
const loaded = ['bank.env', ...modules];
const sums = loaded.map((file) => `${file}.sum`);
const files = [...loaded, ...sums, ...signed];

function sizeOf(disk: CutDisk, file: string): number {
  return openFat(disk.partition(keptBank)).stat(file)?.size ?? 0;
}

/** A file's bits: all of what is signed and of the signatures, some of a module, one of each other byte; or a sample. */
function bitsOf(disk: CutDisk, file: string): number[] {
  const whole = { offset: 0, length: sizeOf(disk, file) };
  if (!exhaustive) return someBits(whole, 24);
  if (signed.includes(file)) return allBits(whole);
  return modules.includes(file) ? someBits(whole, 64) : bitOfEachByte(whole);
}

/** What a finding about a file may call it: a signature is told with what it signs, a sum with its file. */
function namesOf(file: string): string[] {
  return [file, file.replace(/\.sig$/, '.json'), file.replace(/\.sum$/, '')];
}

test.each(files)(
  'a bank with a bit of %s flipped is not what its manifests say, and the file is named first',
  (file) => {
    const disk = flipDisk();
    const device = disk.partition(keptBank);
    const hashOf = (bank: number): string | undefined =>
      readSum(openFat(disk.partition(bank)).read(file), file.replace(/\.sum$/, ''));
    const problems = () =>
      verifyBank(readBankForUpdate(keptBank, device), { by: 'contents' }).problems;
    expect(problems()).toEqual([]);
    let named = 0;
    let same = 0;
    for (const bit of bitsOf(disk, file)) {
      whileFileFlipped(device, file, bit, () => {
        const [first] = problems();
        if (first && namesOf(file).includes(first.file)) named++;
        // The loader takes digits and names in either case.
        else if (!first && sums.includes(file) && hashOf(keptBank) === hashOf(targetBank)) same++;
        else expect.fail(`bit ${bit} of ${file}: found ${JSON.stringify(first)}`);
      });
    }
    expect(problems()).toEqual([]);
    expect(named).toBeGreaterThan(exhaustive ? 65 : 15);
    expect(same).toBeLessThanOrEqual(sums.includes(file) ? 8 : 0);
  },
);

test.each(files)('a bank with a bit of %s flipped is not the one that an update keeps', (file) => {
  const disk = flipDisk();
  const device = disk.partition(keptBank);
  const host = disk.forUpdate();
  expect(chooseBanks(host, undefined).kept.number).toBe(keptBank);
  // Bits that make another letter, not the same in the other case.
  const bits = someBits(
    { offset: 0, length: Math.min(60, sizeOf(disk, file)) },
    exhaustive ? 16 : 4,
  );
  for (const bit of bits.filter((one) => one % 8 !== 5)) {
    whileFileFlipped(device, file, bit, () => {
      expect(chooseBanks(host, undefined).kept.number).toBe(targetBank);
      const error = refusalOf(() => chooseBanks(host, keptBank));
      expect(error.code).toBe('update.no-way-back');
      expect(namesOf(file).some((name) => error.message.includes(name))).toBe(true);
      disk.tried(() => {
        const { booted } = simulateBoot(disk.simulated);
        // What is signed and not loaded is vmkd's to verify; the loader goes by the sums.
        expect(booted).toBe(signed.includes(file) ? keptBank : targetBank);
      });
    });
  }
});

function refusalOf(call: () => unknown): TwinbankError {
  try {
    call();
  } catch (error) {
    if (error instanceof TwinbankError && error.kind === 'refused') return error;
    throw error;
  }
  throw new Error('expected a refusal');
}
