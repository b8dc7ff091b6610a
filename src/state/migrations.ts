import type { StateFile } from './state-file.ts';

/** Turns the files of a state of one schema into those of the next. */
export type Migration = (files: readonly StateFile[]) => StateFile[];

/**
 * One for each schema before the newest: the first is that from 1 to 2. A schema is new when a file that there was means something
 * else, or has members that the version before would refuse. A new file needs none: from schema 2 on a version carries along what it
 * does not know.
 */
export const migrations: readonly Migration[] = [fromUnlockedRoot];

/**
 * 1 to 2: versions before had no log-in, and saved `!` for a root without a password. From 2 on `!` is a root that cannot log in
 * with a password, so that it must not stay.
 */
function fromUnlockedRoot(files: readonly StateFile[]): StateFile[] {
  return files.filter(({ path, bytes }) => {
    const isUnset = /^root:[!*]?:/m.test(Buffer.from(bytes).toString('latin1'));
    return path !== 'etc/shadow' || !isUnset;
  });
}

/** The files of a state of an older schema (from 1) in the newest one. */
export function migrate(files: readonly StateFile[], schema: number): StateFile[] {
  return migrations.slice(schema - 1).reduce((older, next) => next(older), [...files]);
}
