import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/sequencer.ts';

// Every wait of a boot test has its own time-out, which shows the console; this one is for what hangs beside.
const boots = {
  globalSetup: ['test/support/default-image.ts'],
  testTimeout: 900_000,
  hookTimeout: 900_000,
  maxConcurrency: 2,
};

/** What `npm test` tries a sample of, and `npm run test:boot` all of (test/support/exhaustive.ts). */
const sampled = [
  'test/matrix/grub-emu/{product,damage}.test.ts',
  'test/oracle/builder/{recipes,reproducible}.test.ts',
  'test/unit/update/{power-cut,power-cut-*,bit-flips,bit-flips-bank}.test.ts',
  'test/unit/**/sim-space.test.ts',
];

export default defineConfig({
  test: {
    // One core less would be left to nobody: the process that starts the workers waits for them.
    maxWorkers: availableParallelism(),
    globalSetup: ['test/support/run-folder.ts'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'oracle',
          include: ['test/oracle/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      // By time, or by TWINBANK_FUZZ_INPUTS as `soak` does.
      { test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: 7_200_000 } },
      { test: { name: 'smoke', include: ['test/smoke/**/*.test.ts'], ...boots } },
      { test: { name: 'boot', include: ['test/boot/**/*.test.ts'], ...boots } },
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
        },
      },
      {
        test: {
          name: 'exhaustive',
          include: ['test/exhaustive/**/*.test.ts', ...sampled],
          env: { TWINBANK_EXHAUSTIVE: '1' },
          testTimeout: 3_600_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'soak',
          include: [
            'test/soak/**/*.test.ts',
            'test/unit/**/*fuzz*.test.ts',
            'test/fuzz/parsers.test.ts',
          ],
          ...boots,
          fileParallelism: false,
          env: { TWINBANK_SOAK: '50', TWINBANK_FUZZ_INPUTS: '1000000' },
          testTimeout: 7_200_000,
        },
      },
    ],
  },
});
