import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, onTestFinished, TestRunner } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { loadRecipe } from '../../../src/recipe/load.ts';

/**
 * A directory of its own with these files, which is gone after the test; in the body of a file or suite, after its tests. Not in a
 * `beforeAll`: Vitest takes no hook from there, and the directory would stay.
 */
export function temporaryFiles(files: Record<string, string | Uint8Array>): string {
  const directory = mkdtempSync(join(tmpdir(), 'twinbank-recipe-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  // This module is loaded once for all files of a worker: a hook of its own would be the first file's alone.
  if (TestRunner.getCurrentTest()) onTestFinished(remove);
  else afterAll(remove);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

/** Loads `x.yaml` of a temporaryFiles. */
export function load(files: Record<string, string | Uint8Array>, set: string[] = []) {
  return loadRecipe('x.yaml', { cwd: temporaryFiles(files), set });
}

/** What is wrong with `x.yaml` of a temporaryFiles, one line for each problem. */
export function problemsOf(files: Record<string, string | Uint8Array>, set: string[] = []) {
  try {
    load(files, set);
  } catch (error) {
    if (error instanceof TwinbankError && error.kind === 'recipe') return error.message.split('\n');
    throw error;
  }
  return [];
}
