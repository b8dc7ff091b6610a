import { defineConfig } from 'vitest/config';

// Every wait of a boot test has its own time-out, which shows the console; this one is for what hangs beside.
const boots = {
  globalSetup: ['test/support/default-image.ts'],
  testTimeout: 900_000,
  hookTimeout: 900_000,
  fileParallelism: false,
  maxConcurrency: 2,
};

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 } },
      { test: { name: 'oracle', include: ['test/oracle/**/*.test.ts'], testTimeout: 300_000 } },
      // By time, or by TWINBANK_FUZZ_INPUTS as `soak` does.
      { test: { name: 'fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: 7_200_000 } },
      {
        test: {
          name: 'smoke',
          include: ['test/smoke/**/*.test.ts'],
          ...boots,
        },
      },
      {
        test: {
          name: 'boot',
          include: ['test/boot/**/*.test.ts'],
          ...boots,
        },
      },
      // The loader's decisions, state by state: `matrix` in grub-emu, `matrix-qemu` on real firmware.
      {
        test: {
          name: 'matrix',
          include: ['test/matrix/grub-emu/**/*.test.ts'],
          testTimeout: 900_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'matrix-qemu',
          include: ['test/matrix/qemu/**/*.test.ts'],
          testTimeout: 3_600_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
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
          env: { TWINBANK_SOAK: '50', TWINBANK_FUZZ_INPUTS: '1000000' },
          testTimeout: 7_200_000,
        },
      },
    ],
  },
});
