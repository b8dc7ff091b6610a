import { spawnSync } from 'node:child_process';
import { appendFile, cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext, BenchRow } from './bench-row.ts';
import { runProgram } from './run-program.ts';

/** A build whose cache has everything already. */
export const unchangedRow: BenchRow = {
  name: 'unchanged',
  meaning: 'twinbank build with nothing changed, in seconds of its own',
  runs: 9,
  target: { seconds: 1.5 },
  setUp: async ({ program, root, folder }) => {
    const build = ['build', 'recipes/default.yaml', '--out', folder, '-q'];
    return { ours: () => runProgram(process.execPath, [program, ...build], root) };
  },
};

/** A build after one line was added to an agent: bundle it, pack the layer, compose. */
export const changedAgentRow: BenchRow = {
  name: 'changed agent',
  meaning: "twinbank build after one agent's source has changed, in seconds of its own",
  runs: 5,
  target: { seconds: 10 },
  setUp: async (context) => {
    const { program, copy } = await copyRepository(context);
    const build = ['build', 'recipes/default.yaml', '--out', join(copy, 'out'), '-q'];
    let change = 0;
    return {
      reset: async () => {
        // Another change each time, or the cache would have the second one.
        const line = `\nprocess.env.TWINBANK_BENCH = '${process.pid}-${change++}';\n`;
        await appendFile(join(copy, 'src/runtime/vmkernel/vmkd.ts'), line);
      },
      ours: () => runProgram(process.execPath, [program, ...build], copy),
    };
  },
};

/** The sources in a folder of their own, so that a change is not one of the repository's. */
export async function copyRepository({
  root,
  folder,
}: BenchContext): Promise<{ program: string; copy: string }> {
  const copy = join(folder, 'copy');
  await mkdir(copy);
  for (const name of ['src', 'recipes', 'scripts', 'package.json', 'package-lock.json']) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { status, stderr } = spawnSync(process.execPath, [join(copy, 'scripts/build.mjs')]);
  if (status !== 0) throw new Error(`scripts/build.mjs: exit code ${status}: ${stderr}`);
  return { program: join(copy, 'dist/twinbank.js'), copy };
}
