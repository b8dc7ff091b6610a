import { appendFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchRow } from './bench-row.ts';
import { copyRepository } from './rebuild.ts';
import { runProgram } from './run-program.ts';

/** Where the sources of agents begin. */
const agentSources = ['src/runtime/vmkernel', 'src/runtime/agents'];

/** What goes over the line when a new version differs in its agents alone. */
export const agentsUpdateRow: BenchRow = {
  name: 'agents-only update',
  meaning:
    'a bundle for hosts of the version before, which had other sources of the agents, against the full bundle; bytes',
  runs: 1,
  target: { ratio: 0.05 },
  setUp: async (context) => {
    const { program, root, folder } = context;
    const build = async (script: string, cwd: string, version: string): Promise<string> => {
      const out = join(folder, version);
      const set = ['--set', `version=${version}`];
      const args = ['build', 'recipes/default.yaml', ...set, '--out', out, '-q'];
      await runProgram(process.execPath, [script, ...args], cwd);
      return join(out, `twinbank-${version}`);
    };
    const older = await build(program, root, '0.1.0');
    const changed = await copyRepository(context);
    for (const sources of agentSources) {
      for (const name of await readdir(join(changed.copy, sources))) {
        if (!name.endsWith('.ts')) continue;
        const line = `\nprocess.env.TWINBANK_BENCH = '${name}';\n`;
        await appendFile(join(changed.copy, sources, name), line);
      }
    }
    const newer = await build(changed.program, changed.copy, '0.1.1');
    const bundleBytes = async (name: string, ...options: string[]): Promise<number> => {
      const out = join(folder, name);
      const args = ['bundle', `${newer}.img`, ...options, '--out', out, '-q'];
      await runProgram(process.execPath, [program, ...args], root);
      return (await stat(out)).size;
    };
    return {
      oursBytes: await bundleBytes('agents.tbu', '--from', `${older}.manifest.json`),
      theirsBytes: await bundleBytes('full.tbu'),
    };
  },
};
