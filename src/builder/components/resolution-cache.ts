import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { folderEntries } from '../../disk/folder-entries.ts';
import type { Apt } from './apt.ts';
import { type Cache, ignoreMissing, writeWhole } from './cache.ts';
import { noteUse } from './cache-use.ts';
import { sha256 } from './digest.ts';

const resolved = z.object({
  id: z.string(),
  scheme: z.enum(['deb', 'npm', 'file']),
  name: z.string(),
  version: z.string(),
  architecture: z.string().optional(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().nonnegative(),
  integrity: z.string().optional(),
  depends: z.string().optional(),
});

/** The shape of remembered resolutions. */
export const resolvedList = z.array(resolved);

/**
 * The answer to `query`, asked of `ask` once and remembered in the cache. The query holds everything
 * the answer depends on (for apt: `aptFingerprint`), so an answer never grows old. An unreadable one is
 * asked for again.
 */
export async function remember<T>(
  cache: Cache,
  query: readonly (string | readonly string[])[],
  shape: z.ZodType<T>,
  ask: () => Promise<T>,
): Promise<T> {
  const key = sha256(JSON.stringify(['1', ...query]));
  const path = join(cache.directory, 'resolutions', `${key}.json`);
  const text = await readFile(path, 'utf8').catch(ignoreMissing);
  const known = text === undefined ? undefined : shape.safeParse(parseJson(text));
  if (known?.success) {
    await noteUse(path);
    return known.data;
  }
  if (known)
    cache.report({ type: 'warning', text: `${path}: damaged in the cache; asked for again` });
  const answer = await ask();
  await writeWhole(path, JSON.stringify(answer));
  return answer;
}

/**
 * A hash that changes with what apt would answer: names, sizes and times of its lists and of its
 * settings. Some 30 `stat` calls, against half a second for one question to apt; synchronous, as a build
 * asks a dozen times and Node's thread pool would take ten times as long (30 ms in all).
 */
export async function aptFingerprint(apt: Apt): Promise<string> {
  const lines = [describe(apt.listsDirectory, false), describe(apt.configDirectory, true)];
  return sha256(JSON.stringify([lines, apt.options]));
}

function describe(directory: string, deep: boolean): string[] {
  const lines = folderEntries(directory).map((entry) => {
    const path = join(directory, entry.name);
    // `partial` and `auxfiles` of the lists, and its lock, are apt's own work.
    if (entry.isDirectory()) return deep ? describe(path, true) : [];
    const found = entry.name === 'lock' ? undefined : statSync(path, { throwIfNoEntry: false });
    return found ? [`${path} ${found.size} ${found.mtimeMs}`] : [];
  });
  return lines.flat().sort();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
