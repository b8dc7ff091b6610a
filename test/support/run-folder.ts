import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder of this run of the tests, for what the first file that needs it makes, and all others only read. */
    runFolder: string;
  }
}

/** Runs once, before the first file of any project. */
export function setup(project: TestProject): () => void {
  const shared = join(project.config.root, 'out/test/runs');
  mkdirSync(shared, { recursive: true });
  // What a run left that was killed.
  for (const name of readdirSync(shared)) {
    if (!isRunning(Number(name))) rmSync(join(shared, name), { recursive: true, force: true });
  }
  const folder = join(shared, String(process.pid));
  mkdirSync(folder, { recursive: true });
  project.provide('runFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
