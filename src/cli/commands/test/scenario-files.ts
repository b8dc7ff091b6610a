import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import {
  type PlannedRun,
  type ReadOptions,
  readScenario,
  scenarioError,
} from '../../../harness/scenario/read-scenario.ts';

/**
 * All runs of these scenarios, in their order; a folder stands for its YAML files. Throws `scenario.invalid` with the problems of
 * all of them, and `scenario.none` for a folder without one (kind `recipe`).
 */
export function loadScenarios(paths: readonly string[], options: ReadOptions): PlannedRun[] {
  const files = [...new Set(paths.flatMap((path) => filesAt(path, options.cwd)))];
  const read = files.map((file) => readScenario(file, options));
  const problems = read.flatMap((one) => one.problems);
  if (problems.length > 0) throw scenarioError(problems);
  const runs = read.flatMap((one) => one.runs);
  assertUnique(runs);
  return runs;
}

function filesAt(path: string, cwd: string): string[] {
  if (!statSync(resolve(cwd, path), { throwIfNoEntry: false })?.isDirectory()) return [path];
  const files = readdirSync(resolve(cwd, path))
    .filter((name) => /\.ya?ml$/i.test(name))
    .sort()
    .map((name) => join(path, name));
  if (files.length > 0) return files;
  const message = `${path}: expected scenarios, found no .yaml file`;
  throw new TwinbankError('recipe', 'scenario.none', message);
}

/** Reports, shards and artefacts know a run by its name. */
function assertUnique(runs: readonly PlannedRun[]): void {
  const files = new Map<string, string>();
  for (const { run, file, scenario } of runs) {
    const other = files.get(run);
    if (other !== undefined && other !== file) {
      const message = `${file}: expected a name that no other scenario has, found ${scenario}, as in ${other}`;
      throw new TwinbankError('recipe', 'scenario.name', message);
    }
    files.set(run, file);
  }
}
