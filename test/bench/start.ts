import { join } from 'node:path';
import type { BenchRow } from './bench-row.ts';
import { runProgram } from './run-program.ts';

/** What every command takes before it does anything; Node's own part of it is beside it. */
export const versionRow: BenchRow = {
  name: 'version',
  meaning: 'twinbank --version, against node -e 0',
  runs: 25,
  target: { seconds: 0.04 },
  setUp: async ({ program, root }) => ({
    ours: () => runProgram(process.execPath, [program, '--version'], root),
    theirs: () => runProgram(process.execPath, ['-e', '0'], root),
  }),
};

/** Every hash of both banks is checked, however often the image was looked at. */
export const inspectRow: BenchRow = {
  name: 'inspect',
  meaning: 'twinbank inspect of the default image, which is in the cache',
  runs: 15,
  target: { seconds: 0.15 },
  setUp: async ({ program, root, folder }) => {
    const twinbank = (...args: string[]) => runProgram(process.execPath, [program, ...args], root);
    const version = '0.1.0';
    const set = ['--set', `version=${version}`];
    await twinbank('build', 'recipes/default.yaml', ...set, '--out', folder, '-q');
    return { ours: () => twinbank('inspect', join(folder, `twinbank-${version}.img`)) };
  },
};
