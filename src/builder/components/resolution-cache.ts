import { statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { folderEntries } from '../../disk/folder-entries.ts';
import type { Apt } from './apt.ts';
import type { Cache } from './cache.ts';
import { readEntry, writeEntry } from './cache-entry.ts';
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
 * the answer depends on (for apt: `aptFingerprint`), so an answer never grows old. One of
 * another shape, of another version of this program, is asked for again.
 */
export async function remember<T>(
  cache: Cache,
  query: readonly (string | readonly string[])[],
  shape: z.ZodType<T>,
  ask: () => Promise<T>,
): Promise<T> {
  const key = sha256(JSON.stringify(['1', ...query]));
  const text = await readEntry(cache, 'resolutions', key);
  const known = text === undefined ? undefined : shape.safeParse(JSON.parse(text));
  if (known?.success) return known.data;
  const answer = await ask();
  await writeEntry(cache, 'resolutions', key, JSON.stringify(answer));
  return answer;
}

/**
 * A hash that changes with what apt would answer: names, sizes and times of its lists and of its
 * settings. Some 50 `stat` calls, against half a second for one question to apt; synchronous, as Node's thread pool would take
 * ten times as long. A command, which asks two dozen times, notes it (`Apt.noted`): an answer of lists that change meanwhile is
 * kept under what they were, which they never are again.
 */
export async function aptFingerprint(apt: Apt): Promise<string> {
  const known = apt.noted?.fingerprint ?? fingerprintNow(apt);
  if (apt.noted) apt.noted.fingerprint = known;
  return known;
}

function fingerprintNow(apt: Apt): string {
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
