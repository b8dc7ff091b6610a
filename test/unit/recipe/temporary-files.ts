import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { loadRecipe } from '../../../src/recipe/load.ts';

const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** A directory of its own with these files. */
export function temporaryFiles(files: Record<string, string | Uint8Array>): string {
  const directory = mkdtempSync(join(tmpdir(), 'twinbank-recipe-'));
  made.push(directory);
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
