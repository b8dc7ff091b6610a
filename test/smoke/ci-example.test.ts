import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';

interface Job {
  readonly strategy?: { readonly matrix: { readonly shard: readonly number[] } };
  readonly env?: Readonly<Record<string, string | number>>;
  readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
}

const root = join(import.meta.dirname, '../..');
const workflow = parse(readFileSync(join(root, 'docs/ci/github-actions.yml'), 'utf8'));

/** What the runner sets: the job's variables, with the shard of its matrix. */
function variables({ env = {} }: Job, shard: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...workflow.env, ...env }).map(([name, value]) => [
      name,
      String(value).replace(/\$\{\{ matrix\.shard \}\}/, String(shard)),
    ]),
  );
}

/** The events that a shard of the run has left. */
function eventsOf(file: string): { readonly type: string; readonly verdict?: string }[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

// Both shards together are all that is shipped: no other test plays it once more on the simulated machine.
test('every command of the CI example does what it says, and every shipped scenario passes on the simulated machine', () => {
  const results = mkdtempSync(join(tmpdir(), 'twinbank-ci-example-'));
  onTestFinished(() => rmSync(results, { recursive: true, force: true }));
  const commands: string[] = [];
  const jobs: Job[] = [workflow.jobs.scenarios, workflow.jobs.report];
  for (const job of jobs) {
    for (const shard of job.strategy?.matrix.shard ?? [0]) {
      const env = { ...process.env, ...variables(job, shard), RESULTS: results, ENGINE: 'sim' };
      for (const { run, uses } of job.steps) {
        expect(run ?? uses, 'a step without a command').toBeDefined();
        if (run === undefined) continue;
        commands.push(run);
        // As the runner calls it: bash -e, without a terminal.
        execFileSync('bash', ['-e', '-c', run], {
          cwd: root,
          env,
          stdio: ['ignore', 'pipe', 'pipe'],
        });
      }
    }
  }
  expect(commands.length).toBeGreaterThanOrEqual(8);
  const html = readFileSync(join(results, 'report.html'), 'utf8');
  for (const name of ['first-boot', 'upgrade', 'broken-upgrade', 'power-cuts-at-writes']) {
    expect(html).toContain(name);
  }
  expect(
    ['junit-1.xml', 'junit-2.xml', 'junit.xml'].every((name) => existsSync(join(results, name))),
  ).toBe(true);
  const shards = [1, 2].map((shard) => eventsOf(join(results, `shard-${shard}.ndjson`)));
  for (const events of shards) {
    expect(events.at(-1)).toMatchObject({ type: 'run-end', stopped: false });
  }
  const ends = shards.flat().filter(({ type }) => type === 'scenario-end');
  expect(ends.filter(({ verdict }) => verdict !== 'passed')).toEqual([]);
  expect(ends.length).toBeGreaterThanOrEqual(24);
  // What passes leaves nothing: no folder of artefacts is among the results.
  const left = readdirSync(results, { withFileTypes: true });
  expect(left.filter((one) => one.isDirectory()).map(({ name }) => name)).toEqual([]);
});
