import { TwinbankError } from '../../diagnostics/error.ts';
import { componentRefText, type DebRef, type NpmRef } from '../../recipe/component-ref.ts';
import { findObject } from './cache.ts';
import type { ComponentContext, Resolved } from './component.ts';
import { availableDebs } from './deb-resolve.ts';
import type { LockFile } from './lock.ts';

/**
 * What the lock has for each reference. Also checks that every package of the lock can still be had,
 * so that a build stops before its first download and says all that is gone. Throws `recipe`
 * `lock.missing` (the recipe asks for what the lock lacks: make the lock anew) before `io` `lock.gone`
 * (nothing is wrong with the recipe, but the distribution no longer has these and the cache neither).
 */
export async function resolveLocked(
  refs: readonly (DebRef | NpmRef)[],
  lock: LockFile,
  context: ComponentContext,
): Promise<Resolved[]> {
  const found = refs.map((ref) => findLocked(ref, lock));
  const missing = refs.filter((_, index) => found[index] === undefined).map(componentRefText);
  if (missing.length > 0) {
    throw new TwinbankError(
      'recipe',
      'lock.missing',
      `the lock: expected ${missing.join(', ')} in it, found other components; write it anew with twinbank recipe lock`,
      { data: { missing } },
    );
  }
  await refuseGone(lock, context);
  return found.filter((row) => row !== undefined);
}

function findLocked(ref: DebRef | NpmRef, lock: LockFile): Resolved | undefined {
  const rows = lock.components.filter(
    (row) =>
      row.id === `${ref.scheme}:${ref.name}` &&
      (ref.version === undefined || row.version === ref.version),
  );
  // Two versions and a reference that names none: nothing says which.
  return rows.length === 1 ? rows[0] : undefined;
}

/** npm packages are not asked for: a registry keeps its versions, and the fetch says when it did not. */
async function refuseGone(lock: LockFile, context: ComponentContext): Promise<void> {
  const absent: Resolved[] = [];
  for (const row of lock.components) {
    if (row.scheme !== 'deb') continue;
    if ((await findObject(context.cache, row.sha256, row.bytes)) === undefined) absent.push(row);
  }
  if (absent.length === 0) return;
  const available = await availableDebs(absent, context);
  const gone = absent
    .filter((row) => !available.has(row))
    .map((row) => componentRefText({ scheme: 'deb', name: row.name, version: row.version }));
  if (gone.length > 0) {
    throw new TwinbankError(
      'io',
      'lock.gone',
      `the lock: expected the distribution or the cache to have ${gone.join(', ')}, found ${gone.length === 1 ? 'it' : 'them'} gone (apt-get update may help where the lists are old)`,
      { data: { gone } },
    );
  }
}
