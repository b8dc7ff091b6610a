import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { Context } from '../command.ts';
import { usageError } from '../failure.ts';

interface ReadRequest {
  /** The option or file, for errors. */
  readonly name: string;
  /** More bytes than this are refused. */
  readonly limit: number;
  /** Only up to the first line feed, which is left out. */
  readonly line?: true;
  /** What to do about a descriptor that is not open, one clause. */
  readonly notOpen?: string;
}

const lineFeed = 0x0a;
const chunkBytes = 65_536;

type Streams = Pick<Context, 'stdin' | 'signal'>;

/** The text of a secret, such as `a password`; throws `cli.usage` for what is no UTF-8. */
export function secretText(bytes: Uint8Array, name: string, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError(`${name}: expected ${what} in UTF-8, found other bytes`);
  }
}

/** The number of a descriptor as an option has it; throws `cli.usage`. */
export function parseDescriptor(text: string, name: string): number {
  if (/^(0|[1-9][0-9]{0,5})$/.test(text)) return Number(text);
  throw usageError(`${name}: expected the number of a descriptor, found ${JSON.stringify(text)}`);
}

/** All bytes of a descriptor that this process was started with; it is closed afterwards. */
export async function readDescriptor(
  streams: Streams,
  fd: number,
  wanted: ReadRequest,
): Promise<Buffer> {
  if (fd === 0) return collect(addAbortSignal(streams.signal, streams.stdin), wanted);
  const stats = statsOf(fd, wanted);
  if (isAnonymous(stats) || (stats.isFIFO() && isOurOwn(stats))) throw notOpen(wanted);
  assertSource(stats, wanted.name);
  return collect(source(streams.signal, fd, stats), wanted);
}

/**
 * All bytes of a small file that a person names: a plain file, or a named pipe (`<(...)` of a shell is one), whose writer is waited for
 * until a signal. Throws `cli.usage` for a directory or socket, `cli.too-long`, and errors of the operating system.
 */
export async function readSmallFile(
  streams: Streams,
  path: string,
  wanted: ReadRequest,
): Promise<Buffer> {
  const stats = statSync(path);
  if (stats.isSocket()) throw notSource(stats, wanted.name);
  assertSource(stats, wanted.name);
  // Not blocking: a thread that waits in open(2) for the writer of a pipe cannot be ended.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return collect(source(streams.signal, fd, fstatSync(fd)), wanted);
}

function statsOf(fd: number, wanted: ReadRequest): Stats {
  try {
    return fstatSync(fd);
  } catch {
    throw notOpen(wanted);
  }
}

function notOpen({ name, notOpen: hint = 'npx passes no descriptors on' }: ReadRequest) {
  const found = 'expected a descriptor that is open, found none of this number';
  return usageError(`${name}: ${found}; ${hint}`);
}

function assertSource(stats: Stats, name: string): void {
  const kinds = [stats.isFile(), stats.isFIFO(), stats.isSocket(), stats.isCharacterDevice()];
  if (!kinds.includes(true)) throw notSource(stats, name);
}

function notSource(stats: Stats, name: string): TwinbankError {
  const other = stats.isSocket() ? 'a socket' : 'a block device';
  const found = stats.isDirectory() ? 'a directory' : other;
  return usageError(`${name}: expected a file or pipe, found ${found}`);
}

/** An event queue or counter of Node's own (epoll, eventfd), which has none of the types of a file (stat(2), S_IFMT). */
function isAnonymous({ mode }: Stats): boolean {
  return (mode & constants.S_IFMT) === 0;
}

/**
 * Node itself has pipes on the numbers from 3 up. Whoever names one that was not handed in would wait for
 * ever, and take the bytes that tell Node of signals. Such a pipe has its writing end in this process.
 */
function isOurOwn(pipe: Stats): boolean {
  return readdirSync('/proc/self/fd').some((other) => {
    try {
      const { dev, ino } = fstatSync(Number(other));
      if (dev !== pipe.dev || ino !== pipe.ino) return false;
      // proc(5): the flags of open(2), octal; the last digit is the access mode.
      const flags = readFileSync(`/proc/self/fdinfo/${other}`, 'utf8');
      return /^flags:\s*[0-7]*1$/m.test(flags);
    } catch {
      // The listing's own descriptor is closed by now.
      return false;
    }
  });
}

/** What may keep one waiting is read by the event loop: a thread that waits in read(2) cannot be ended. */
function source(signal: AbortSignal, fd: number, stats: Stats): Readable | Generator<Uint8Array> {
  if (stats.isFIFO() || stats.isSocket()) {
    return addAbortSignal(signal, new Socket({ fd, readable: true, writable: false }));
  }
  return isatty(fd) ? addAbortSignal(signal, new ReadStream(fd)) : chunksOf(fd);
}

function* chunksOf(fd: number): Generator<Uint8Array> {
  try {
    for (;;) {
      const chunk = Buffer.alloc(chunkBytes);
      const length = readSync(fd, chunk);
      if (length === 0) return;
      yield chunk.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

async function collect(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { name, limit, line }: ReadRequest,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const end = line ? chunk.indexOf(lineFeed) : -1;
    const part = end === -1 ? chunk : chunk.subarray(0, end);
    parts.push(part);
    bytes += part.length;
    if (bytes > limit) {
      throw new TwinbankError(
        'corrupt',
        'cli.too-long',
        `${name}: expected at most ${limit} bytes, found more`,
        { data: { limit } },
      );
    }
    if (end !== -1) break;
  }
  return Buffer.concat(parts);
}
