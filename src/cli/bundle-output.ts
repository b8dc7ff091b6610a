import { statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { sweepTemporaryImages, temporaryName } from '../disk/temporary-image.ts';
import { bundleBytes, writeBundle } from '../update/bundle/bundle-writer.ts';
import type { BundlePlan } from '../update/bundle/make-bundle.ts';
import type { Context } from './command.ts';

/**
 * Whether a bundle can be written there, asked before it is built. Throws `bundle.out` (kind `io`) for a
 * folder that is not there, and for a directory.
 */
export function assertPlace({ cwd }: Context, out: string): void {
  const path = resolve(cwd, out);
  const folder = dirname(path);
  if (isFolder(folder) && !isFolder(path)) return;
  const message = isFolder(path)
    ? `${out || '--out'}: expected a file to write to, found a directory`
    : `${out}: expected the folder ${relative(cwd, folder)} to write to, found none`;
  throw new TwinbankError('io', 'bundle.out', message);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Writes a bundle, which gets its name only when it is whole; returns its bytes. Throws as `writeBundle` does. */
export async function writeBundleFile(
  { cwd, report, signal }: Context,
  out: string,
  plan: BundlePlan,
): Promise<number> {
  const path = resolve(cwd, out);
  const folder = dirname(path);
  await sweepTemporaryImages(folder);
  const partial = temporaryName(folder);
  const file = await open(partial, 'wx').catch((error: unknown) => {
    const [, reason] = /^\w+: ([^,]*)/.exec((error as Error).message) ?? [];
    throw new TwinbankError('io', 'bundle.out', `${out}: could not make it: ${reason ?? error}`);
  });
  const total = bundleBytes(plan);
  let bytes = 0;
  try {
    await writeBundle(async (chunk) => {
      signal.throwIfAborted();
      await file.writeFile(chunk);
      bytes += chunk.length;
      report({ type: 'progress', task: 'write', done: bytes, total, unit: 'bytes' });
    }, plan);
    await file.sync();
    await file.close();
    signal.throwIfAborted();
    await rename(partial, path);
    report({ type: 'done', task: 'write' });
    return bytes;
  } finally {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
  }
}
