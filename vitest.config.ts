import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/sequencer.ts';

/** For what hangs. How fast something is depends on what else the machine does, and is not for a test to say. */
const patient = { testTimeout: 300_000, hookTimeout: 300_000 };

// Every wait of a boot test has its own time-out, which shows the console; this one is for what hangs beside.
const boots = {
  globalSetup: ['test/support/default-image.ts'],
  testTimeout: 900_000,
  hookTimeout: 900_000,
};

/** Files that leave something out in `npm test`: found by what they import, so that one which moves is still run whole. */
const sampled = readdirSync(join(import.meta.dirname, 'test'), {
  recursive: true,
  encoding: 'utf8',
})
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join('test', file))
  .filter((file) => {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    return text.includes("support/exhaustive.ts'");
  });
/** Whole they take more than a minute of processor time, for which CI has no time; `soak` has. */
const tooLong = [
  'test/boot/scenarios.test.ts',
  'test/boot/update.test.ts',
  'test/matrix/grub-emu/product.test.ts',
  'test/oracle/builder/recipes.test.ts',
  'test/smoke/boot.test.ts',
  'test/unit/update/bit-flips-bank.test.ts',
  'test/unit/update/bundle/bundle-damage.test.ts',
  'test/unit/update/power-cut-retry.test.ts',
];
const isTooLong = (file: string): boolean => tooLong.includes(file);

export default defineConfig({
  test: {
    // One core less would be left to nobody: the process that starts the workers waits for them.
    maxWorkers: availableParallelism(),
    globalSetup: ['test/support/run-folder.ts'],
    // Five projects have one source: it is transformed once for all of them, and again where it was changed.
    experimental: { fsModuleCache: true },
    sequence: { sequencer: LongestFirst },
    projects: [
      // One file after another in the same process: to start one and to load what is under test would take longer
      // than most of them. So a file leaves nothing behind: no variable of the environment, no timer, no mock.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          isolate: false,
          ...patient,
        },
      },
      { test: { name: 'oracle', include: ['test/oracle/**/*.test.ts'], ...patient } },
      // 500 inputs a parser, unless TWINBANK_FUZZ_INPUTS (as `soak` does) or TWINBANK_FUZZ_SECONDS says otherwise.
      { test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: 7_200_000 } },
      { test: { name: 'smoke', include: ['test/smoke/**/*.test.ts'], ...boots } },
      // Two machines at once and no more: this one file runs two, beside what needs none; then each file one, on each core.
      {
        test: {
          name: 'boot-scenarios',
          include: ['test/boot/scenarios.test.ts'],
          testTimeout: 1_800_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'boot',
          include: ['test/boot/**/*.test.ts'],
          exclude: ['test/boot/scenarios.test.ts'],
          ...boots,
          sequence: { groupOrder: 2 },
        },
      },
      // The loader's decisions, state by state: `matrix` in grub-emu, `matrix-qemu` on real firmware.
      {
        test: {
          name: 'matrix',
          include: ['test/matrix/grub-emu/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'matrix-qemu',
          include: ['test/matrix/qemu/**/*.test.ts'],
          testTimeout: 3_600_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'exhaustive',
          include: sampled.filter((file) => !isTooLong(file)),
          env: { TWINBANK_EXHAUSTIVE: '1' },
          testTimeout: 3_600_000,
          hookTimeout: 900_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'soak',
          include: [
            'test/soak/**/*.test.ts',
            'test/boot/state-cuts.test.ts',
            'test/unit/**/*fuzz*.test.ts',
            'test/fuzz/parsers.test.ts',
            'test/matrix/qemu/**/*.test.ts',
            'test/oracle/builder/reproducible.test.ts',
            ...sampled.filter(isTooLong),
          ],
          ...boots,
          fileParallelism: false,
          env: {
            TWINBANK_SOAK: '50',
            TWINBANK_FUZZ_INPUTS: '1000000',
            TWINBANK_EXHAUSTIVE: '1',
          },
          testTimeout: 7_200_000,
        },
      },
    ],
  },
});
