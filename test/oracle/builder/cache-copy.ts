import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../../src/host/own-folders.ts';
import { judge } from '../components/foreign-tool.ts';

/** A copy of the user's cache, as hard links where it can be: what was fetched is there, and with `derived` what was built. */
export function copyCache(folder: string, options: { derived: boolean }): string {
  const copy = join(folder, `cache-${Math.random().toString(36).slice(2, 10)}`);
  mkdirSync(copy);
  for (const part of ['objects', 'resolutions', 'apt', ...(options.derived ? ['derived'] : [])]) {
    const from = join(cacheDirectory(process.env), part);
    if (spawnSync('cp', ['-al', from, copy]).status === 0) continue;
    rmSync(join(copy, part), { recursive: true, force: true });
    judge('cp', ['-a', from, copy]);
  }
  return copy;
}
