import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../../src/host/run-tool.ts';
import type { BenchContext, BenchRow, Contest } from './bench-row.ts';
import { runProgram } from './run-program.ts';

/** What flash does by default: verify, write, read back. bmaptool verifies while it copies; cmp reads back. */
export const flashRow: BenchRow = {
  name: 'flash',
  meaning: 'twinbank flash with its read-back to a file in memory, against bmaptool copy and cmp',
  runs: 15,
  target: { ratio: 0.8 },
  setUp: (context) => contest(context, []),
};

/** The same without reading back, which twinbank does not do unless it is told to. */
export const flashOnlyRow: BenchRow = {
  name: 'flash only',
  meaning: 'twinbank flash --no-read-back, which verifies before it writes, against bmaptool copy',
  runs: 15,
  target: { ratio: 1 },
  setUp: (context) => contest(context, ['--no-read-back']),
};

async function contest({ program, root, folder }: BenchContext, more: string[]): Promise<Contest> {
  // A disk would be measured, not what writes to it.
  const memory = existsSync('/dev/shm') ? '/dev/shm' : folder;
  const place = await mkdtemp(join(memory, 'twinbank-bench-'));
  const image = join(place, 'twinbank-0.1.0.img');
  const [ours, theirs] = [join(place, 'ours.img'), join(place, 'theirs.img')];
  const twinbank = (...argv: string[]) =>
    runProgram(process.execPath, [program, ...argv, '--quiet'], root);
  await twinbank('build', 'recipes/default.yaml', '--set', 'version=0.1.0', '--out', place);
  return {
    reset: async () => {
      for (const made of [ours, theirs]) await rm(made, { force: true });
    },
    ours: () => twinbank('flash', image, ours, ...more),
    theirs: async () => {
      await runTool('bmaptool', ['--quiet', 'copy', image, theirs]);
      if (more.length === 0) await runTool('cmp', [image, theirs]);
    },
    compare: async () => {
      await twinbank('flash', image, ours, '--yes', ...more);
      await runTool('cmp', [image, ours]);
    },
    tearDown: () => rm(place, { recursive: true, force: true }),
  };
}
