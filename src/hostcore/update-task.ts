import type { JournalEvent } from '../bootloader/boot-journal.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import type { ProgressEvent } from '../diagnostics/progress.ts';
import type { ApplyResult } from '../update/apply.ts';
import type { HostDisk } from '../update/host-disk.ts';
import type { OemDecision } from '../update/manifest/carry-over.ts';
import { rollBackRunning } from '../update/roll-back.ts';
import { type ByteSource, streamSource } from '../update/source/byte-source.ts';
import { deferredSource } from '../update/source/deferred-source.ts';
import { parseAddress, publicName } from '../update/source/http-address.ts';
import { httpSource } from '../update/source/http-source.ts';
import { updateWithJournal } from '../update/update-with-journal.ts';
import { orStopped } from './or-stopped.ts';
import { usage } from './params.ts';

/** Where a bundle comes from: a file in /tmp, an http or https URL, or the caller, chunk by chunk. */
export type BundleOrigin =
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'url'; readonly url: string }
  | { readonly from: 'caller' };

/** What reads and writes whole banks. */
export type UpdateTask =
  | {
      readonly task: 'apply';
      readonly origin: BundleOrigin;
      /** Takes a bundle that is older than what runs. */
      readonly allowOlder: boolean;
    }
  | { readonly task: 'rollback'; readonly why: string };

/** What became of an update. */
export interface AppliedUpdate {
  readonly outcome: ApplyResult['outcome'];
  readonly from: string;
  readonly to: string;
  /** That was written, or would have been. */
  readonly bank: number;
  readonly oems: readonly OemDecision[];
  /** Of the trusted keys that have signed the bundle. */
  readonly keyIds: readonly string[];
}

export interface RolledBack {
  readonly bank: number;
}

export type TaskResult<Task extends UpdateTask> = Task extends { task: 'apply' }
  ? AppliedUpdate
  : RolledBack;

/** What a task hears and says while it runs. */
export interface TaskChannel {
  progress(event: ProgressEvent): void;
  journal(event: JournalEvent): void;
  /** The next chunk of the bundle that the caller sends; undefined is its end. */
  nextChunk(): Promise<Uint8Array | undefined>;
  /** Others have the banks from now on, until {@link takeBanks} is over: this waits for somebody. */
  freeBanks(): void;
  takeBanks(): Promise<void>;
}

/** What a task acts on. */
export interface TaskHost {
  readonly disk: HostDisk;
  /** Partition of the bank that runs. */
  readonly running: number;
  /** Opens a file of /tmp. Throws kind `io`. */
  openFile(path: string): ByteSource;
  /** Is over when a caller has had long enough for its next chunk, or with the signal. */
  chunkTimeout(signal: AbortSignal): Promise<void>;
}

/** How long a caller may take for its next chunk: nobody else can update meanwhile. */
export const defaultChunkTimeoutMs = 10 * 60_000;

/** Why an update was not brought to its end. */
export function cancelled(why: string): TwinbankError {
  return new TwinbankError('refused', 'update.cancelled', `the update was cancelled: ${why}`);
}

/**
 * Puts a bundle into the bank that does not run. Throws as `updateWithJournal` does; what must be refused is, before anybody is asked
 * for the bundle.
 */
export async function applyUpdate(
  { origin, allowOlder }: Pick<UpdateTask & { task: 'apply' }, 'origin' | 'allowOlder'>,
  host: TaskHost,
  channel: TaskChannel,
  signal?: AbortSignal,
): Promise<AppliedUpdate> {
  const { disk, running } = host;
  const { progress: report, journal } = channel;
  const source = openOrigin(origin, host, channel, signal);
  const waitForSender = async <T>(wait: () => Promise<T>): Promise<T> => {
    channel.freeBanks();
    try {
      return await wait();
    } finally {
      await channel.takeBanks();
    }
  };
  try {
    const options = { running, allowOlder, report, waitForSender, ...(signal && { signal }) };
    const { outcome, plan } = await updateWithJournal(source, disk, options, journal);
    const { from, to, target, oems, keyIds } = plan;
    return { outcome, from, to, bank: target, oems, keyIds };
  } finally {
    await source.close();
  }
}

/** Rolls the running bank back, and says so to the journal. Throws as `rollBackRunning` does. */
export async function rollBack(
  why: string,
  { disk, running }: Pick<TaskHost, 'disk' | 'running'>,
  { journal }: Pick<TaskChannel, 'journal'>,
): Promise<RolledBack> {
  const bank = await rollBackRunning(disk, running);
  journal({ event: 'rollback', bank, why });
  return { bank };
}

function openOrigin(
  origin: BundleOrigin,
  host: TaskHost,
  channel: TaskChannel,
  signal: AbortSignal | undefined,
): ByteSource {
  switch (origin.from) {
    case 'file':
      return host.openFile(origin.path);
    case 'caller':
      return streamSource('the bundle', chunksOf(channel, host, signal));
    case 'url':
      return deferredSource(publicName(parseAddress(origin.url)), () =>
        httpSource(origin.url, { report: channel.progress, signal }),
      );
  }
}

async function* chunksOf(
  { nextChunk }: TaskChannel,
  { chunkTimeout }: TaskHost,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const next = () => orStopped(nextChunk(), { signal, timeout: chunkTimeout, late: nothingSent });
  for (let chunk = await next(); chunk; chunk = await next()) yield chunk;
}

function nothingSent(): TwinbankError {
  const message = 'the bundle: expected its next chunk in time, found that its caller sends none';
  return new TwinbankError('io', 'update.stalled', message);
}

/** The origin that a caller names. Throws `usage` for what is none. */
export function parseOrigin(source: unknown): BundleOrigin {
  if (source === '-') return { from: 'caller' };
  if (typeof source === 'string') {
    if (/^https?:\/\//i.test(source)) return { from: 'url', url: source };
    if (/^\/tmp\/[^/\0]+$/.test(source) && !source.endsWith('/..')) {
      return { from: 'file', path: source };
    }
  }
  throw usage('source', 'a file in /tmp, an http or https URL, or -', source);
}
