import { TwinbankError } from './error.ts';

/** What Node throws when the operating system refuses a call. */
export type SystemError = NodeJS.ErrnoException & { code: string; syscall: string };

export function isSystemError(thrown: unknown): thrown is SystemError {
  return (
    thrown instanceof Error &&
    'syscall' in thrown &&
    typeof thrown.syscall === 'string' &&
    'code' in thrown &&
    typeof thrown.code === 'string'
  );
}

/** Codes and words for what a place that is written to refuses, by errno(3); the program a person runs adds what to set. */
const refusals: Readonly<Record<string, readonly [code: string, reason: string]>> = {
  ENOSPC: ['file.no-space', 'no space is left on its file system'],
  EDQUOT: ['file.no-space', 'the disk quota is used up'],
  EFBIG: ['file.too-large', 'its file system, or a limit (ulimit -f), takes no file of this size'],
  EROFS: ['file.read-only', 'the file system is read-only'],
  EACCES: ['file.no-permission', 'the permission is missing'],
  EPERM: ['file.no-permission', 'the permission is missing'],
  EEXIST: ['file.exists', 'something else has its name'],
  ENOTDIR: ['file.not-found', 'a part of the path is not a directory'],
};

/** {@link refusals}, by the `errno` that the data of a failure has. */
export function refusalOf(
  errno: unknown,
): { readonly code: string; readonly reason: string } | undefined {
  const found = typeof errno === 'string' && Object.hasOwn(refusals, errno) && refusals[errno];
  return found ? { code: found[0], reason: found[1] } : undefined;
}

/** Of two paths the one that is written: where a copy or a new name goes. */
export function pathOf(error: NodeJS.ErrnoException & { dest?: unknown }): string | undefined {
  return typeof error.dest === 'string' ? error.dest : error.path;
}

/** System calls that change nothing. */
const readCalls = new Set(
  'open read stat lstat fstat statfs access scandir opendir readdir readlink realpath'.split(' '),
);

/** What a failed call was for, as far as it tells: a file that could not be opened may have been for either. */
export function actionOf({ syscall }: SystemError): 'open' | 'read' | 'write' {
  if (syscall === 'open') return 'open';
  return readCalls.has(syscall) ? 'read' : 'write';
}

/** What a program of the host says of the same, when it cannot write. */
const said: readonly (readonly [RegExp, string])[] = [
  [/No space left on device|\bENOSPC\b/, 'ENOSPC'],
  [/Disk quota exceeded|\bEDQUOT\b/, 'EDQUOT'],
  [/File too large|\bEFBIG\b/, 'EFBIG'],
  [/Read-only file system|\bEROFS\b/, 'EROFS'],
];

/** The errno that a program's standard error tells of; undefined where it tells of another problem. */
export function errnoIn(text: string): string | undefined {
  return said.find(([pattern]) => pattern.test(text))?.[1];
}

/** The sentence for a place that could not be written (or read, made, ...): kind `io`, with `errno` and `path` in its data. */
export function refusedAt(path: string, action: string, cause: unknown): TwinbankError | undefined {
  const errno =
    cause instanceof TwinbankError ? cause.data.errno : (cause as NodeJS.ErrnoException).code;
  const refusal = refusalOf(errno);
  if (!refusal) return undefined;
  const { code, reason } = refusal;
  const message = `${path}: could not ${action} it: ${reason}`;
  return new TwinbankError('io', code, message, { data: { path, action, errno }, cause });
}

/** System calls on a file that was opened before: Node does not say which. */
const onDescriptors = new Set(['write', 'writev', 'fsync', 'fdatasync', 'ftruncate', 'close']);

/**
 * Runs work in a folder of ours. A place that refuses to be written becomes one sentence that names it: the path of
 * the failed call where that is known, else `folder`. Everything else is thrown on.
 */
export async function writingAt<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw namedAt(folder, error);
  }
}

/** An error as {@link writingAt} throws it. */
export function namedAt(folder: string, error: unknown): unknown {
  if (error instanceof TwinbankError) {
    if (error.data.path !== undefined || error.data.errno === undefined) return error;
    return refusedAt(folder, 'write', error) ?? error;
  }
  if (!isSystemError(error)) return error;
  const known = pathOf(error) ?? (onDescriptors.has(error.syscall) ? folder : undefined);
  // What could not be made is the folder, whichever above it is the first that is missing.
  const path = known !== undefined && folder.startsWith(`${known}/`) ? folder : known;
  return (path !== undefined && refusedAt(path, actionOf(error), error)) || error;
}
