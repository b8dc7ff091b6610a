import { closeSync, fstatSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { mutex } from '../../../hostcore/mutex.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import { packTar, type TarFile } from '../../../state/tar.ts';
import { openOwnFile, replaceOwnFile } from '../../system/root-file.ts';
import { type CollectedOutput, type Collector, collectorLimits } from './collectors.ts';

/** How one collector went. */
export interface CollectorReport {
  readonly file: string;
  readonly bytes: number;
  readonly seconds: number;
  /** Why its file is missing, or not all of it. */
  readonly problem: string | null;
}

export interface SupportAnswer {
  readonly path: string;
  readonly bytes: number;
  readonly collectors: readonly CollectorReport[];
}

/** A bundle is in memory, as /tmp is, where only root can write (`usr/lib/twinbank/start`): the last one is kept. */
const defaultPath = '/tmp/support.tgz';
const chunkBytes = 512 * 1024;
/** All files together; what comes after is left out, and said. */
const mostBytes = 32 * 2 ** 20;
const packed = promisify(gzip);

export interface SupportOptions {
  /** Asked for each time. */
  collectors(): readonly Collector[];
  readonly path?: string;
  readonly limits?: { readonly timeoutMs: number; readonly bytes: number };
}

/** The methods by which a host's support bundle is made and fetched. */
export function supportMethods(options: SupportOptions): Record<string, Method> {
  const { path = defaultPath } = options;
  const inTurn = mutex();
  return {
    'support.collect': () => inTurn(() => collectSupport(options)),
    'support.read': ({ offset = 0 }) => {
      if (!Number.isSafeInteger(offset) || (offset as number) < 0) {
        throw new RpcError(
          'usage',
          `offset: expected a number from 0, found ${JSON.stringify(offset)}`,
        );
      }
      return readChunk(path, offset as number);
    },
  };
}

/** One after another, so that a host that is ill is not made worse; one that fails or hangs keeps none of the others. */
async function collectSupport(options: SupportOptions): Promise<SupportAnswer> {
  const { path = defaultPath, limits = collectorLimits } = options;
  const files: TarFile[] = [];
  const reports: CollectorReport[] = [];
  let left = mostBytes;
  for (const { file, run } of options.collectors()) {
    const begun = performance.now();
    const { bytes, problem } = await bounded(run, limits);
    const seconds = Math.round(performance.now() - begun) / 1000;
    const fits = bytes.length <= left;
    const why = problem ?? (fits ? undefined : `there is no room for its ${bytes.length} bytes`);
    if (fits && (bytes.length > 0 || why === undefined))
      files.push({ path: file, mode: 0o600, bytes });
    if (fits) left -= bytes.length;
    reports.push({ file, bytes: fits ? bytes.length : 0, seconds, problem: why ?? null });
  }
  const contents = Buffer.from(
    `${JSON.stringify({ schemaVersion: 1, collectors: reports }, null, 2)}\n`,
  );
  const archive = await packed(
    packTar([{ path: 'contents.json', mode: 0o600, bytes: contents }, ...files]),
  );
  replaceOwnFile(path, archive, { mode: 0o600 });
  return { path, bytes: archive.length, collectors: reports };
}

async function bounded(
  run: Collector['run'],
  { timeoutMs, bytes: most }: { timeoutMs: number; bytes: number },
): Promise<CollectedOutput> {
  let timer: NodeJS.Timeout | undefined;
  // A program has the same time; that it ended comes first.
  const timedOut = new Promise<CollectedOutput>((resolve) => {
    const problem = `no answer in ${timeoutMs / 1000} s`;
    timer = setTimeout(() => resolve({ bytes: new Uint8Array(), problem }), timeoutMs + 1000);
  });
  try {
    const found = await Promise.race([run(), timedOut]);
    if (found.bytes.length <= most) return found;
    return { bytes: found.bytes.subarray(0, most), problem: `it has more than ${most} bytes` };
  } catch (error) {
    return { bytes: new Uint8Array(), problem: (error as Error).message };
  } finally {
    clearTimeout(timer);
  }
}

function readChunk(path: string, offset: number): { data: string; next: number; end: boolean } {
  let fd: number;
  try {
    fd = openOwnFile(path);
  } catch {
    throw new RpcError(
      'support.none',
      `${path}: expected a support bundle, found none; call support.collect first`,
    );
  }
  try {
    const chunk = Buffer.alloc(chunkBytes);
    const bytes = readSync(fd, chunk, 0, chunkBytes, offset);
    const next = offset + bytes;
    return { data: chunk.toString('base64', 0, bytes), next, end: next >= fstatSync(fd).size };
  } finally {
    closeSync(fd);
  }
}
