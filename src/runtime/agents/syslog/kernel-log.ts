import { readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { type KernelRecord, overwrittenNote, parseKernelRecord } from './kernel-record.ts';
import type { LogMessage } from './log-message.ts';

export interface KernelLogOptions {
  /** One record; undefined where there is none now. Throws EPIPE where records were overwritten. */
  read(): string | undefined;
  /** When the kernel's clock was 0, milliseconds since 1970: later it may be another time, as clocks are set. */
  bootedAt(): number;
  /** Number of the last record that an agent before this one has had. */
  readonly last: number | undefined;
  /** Hears the number of the last record of each look that has found some. */
  onRead(last: number): void;
  take(message: LogMessage): void;
}

/** The kernel tells Node nothing of new records, and a read that waits would hold a thread for ever. */
const pauses = { newsMs: 250, quietMs: 1000 };
/** After so many looks that found nothing the kernel is quiet: five seconds. */
const quietLooks = 20;
/** In one turn of the event loop: a boot waits until the agent answers, and the kernel has said some hundreds by then. */
const mostRecords = 50;

/** Hands on what is in the kernel's log and what comes, four times a second, and once a second after a while without news. Returns what ends it. */
export function followKernelLog(options: KernelLogOptions): () => void {
  let last = options.last;
  let empty = 0;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const { count, sequence } = readRecords(options, last);
    if (sequence !== undefined && sequence !== last) options.onRead(sequence);
    last = sequence;
    empty = count === 0 ? empty + 1 : 0;
    const pauseMs = empty < quietLooks ? pauses.newsMs : pauses.quietMs;
    timer = setTimeout(look, count === mostRecords ? 0 : pauseMs);
  };
  look();
  return () => clearTimeout(timer);
}

/** Reads what is there, {@link mostRecords} at most; those up to the number `last` were had before. */
function readRecords(
  { read, bootedAt, take }: KernelLogOptions,
  last: number | undefined,
): { count: number; sequence: number | undefined } {
  let sequence = last;
  const booted = bootedAt();
  for (let count = 0; count < mostRecords; count++) {
    const record = nextRecord(read, booted);
    if (record === 'none') return { count, sequence };
    if (record === 'skip' || (last !== undefined && record.sequence <= last)) continue;
    const lost = sequence === undefined ? 0 : record.sequence - sequence - 1;
    if (lost > 0) take(overwrittenNote(lost, record.message.at));
    sequence = record.sequence;
    take(record.message);
  }
  return { count: mostRecords, sequence };
}

function nextRecord(
  read: () => string | undefined,
  booted: number,
): KernelRecord | 'none' | 'skip' {
  try {
    const text = read();
    return text === undefined ? 'none' : (parseKernelRecord(text, booted) ?? 'skip');
  } catch (error) {
    // Numbers tell how many are gone; the next read begins with the oldest that is there.
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 'skip';
    throw error;
  }
}

/** Longer than any record (CONSOLE_EXT_LOG_MAX in linux/printk.h). */
const recordBytes = 8192;

/** Reads records of a descriptor of /dev/kmsg that does not wait. */
export function recordReader(fd: number): () => string | undefined {
  const buffer = Buffer.alloc(recordBytes);
  return () => {
    try {
      const length = readSync(fd, buffer);
      // A file, in tests, ends.
      return length === 0 ? undefined : buffer.toString('utf8', 0, length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
      throw error;
    }
  };
}

/** A file with the number of the last record, for an agent that is started again; undefined where there is none. */
export function readLast(path: string): number | undefined {
  try {
    const last = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(last) ? last : undefined;
  } catch {
    // The first one since power-on has none.
    return undefined;
  }
}

export function writeLast(path: string, last: number): void {
  writeFileSync(`${path}.new`, String(last));
  renameSync(`${path}.new`, path);
}
