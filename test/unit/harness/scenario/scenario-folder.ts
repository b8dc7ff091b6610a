import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type PlannedRun,
  type ReadOptions,
  readScenario,
} from '../../../../src/harness/scenario/read-scenario.ts';
import { renderDiagnostic } from '../../../../src/recipe/diagnostic.ts';

/** A folder with these files, until the test is over. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-scenario-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function read(text: string, options: Partial<ReadOptions> = {}) {
  const cwd = folderOf({ 'test.yaml': text, 'default.yaml': '{}', 'oem/provider.yaml': '' });
  return readScenario('test.yaml', { cwd, recipe: join(cwd, 'default.yaml'), ...options });
}

/** All that is wrong with a scenario, as people see it. */
export function problemsOf(text: string): string[] {
  return read(text).problems.map(renderDiagnostic);
}

/** The runs of a scenario that is right. */
export function runsOf(text: string, options: Partial<ReadOptions> = {}): PlannedRun[] {
  const { runs, problems } = read(text, options);
  if (problems.length > 0) throw new Error(problems.map(renderDiagnostic).join('\n'));
  return runs;
}

export const titles = (run: PlannedRun | undefined): string[] =>
  run?.steps.map(({ title }) => title) ?? [];
