import { type Stats, statSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TwinbankError } from '../diagnostics/error.ts';
import { refusedAt } from '../diagnostics/system-error.ts';
import { makeFolders } from '../disk/make-folders.ts';
import { assertOutputFolder } from '../disk/output-folder.ts';
import { ifThere, type OutputPlace, outputPlace } from '../disk/output-place.ts';
import { sweepTemporaryImages, temporaryName } from '../disk/temporary-image.ts';
import { type Replaced, withDiskClaim, withReplaceClaims } from '../host/disk-claim.ts';
import type { Context } from './command.ts';
import { usageError } from './failure.ts';
import { openSpecial, sendTo, type WaitLimits } from './output-stream.ts';

/** Takes bytes or text in order; what it was given may be used again afterwards. */
export type WriteChunk = (chunk: Uint8Array | string) => Promise<void>;

/** The one file that a command writes, or what takes its bytes instead. */
export interface OutputFile {
  /** What people call it. */
  readonly name: string;
  /** Standard output has the result itself: what is said about it goes elsewhere. */
  readonly isStdout: boolean;
  /** What links in it are relative to. */
  readonly folder: string;
  /** Whether it would replace this one, which is read. */
  isSameFile(other: string): boolean;
  /** The plain file of before that it would replace, of a link what that leads to. */
  readonly replaces: string | undefined;
  /**
   * Writes all that `fill` gives. A plain file gets its name when it is whole, a link stays; a device, a pipe and a
   * descriptor are written into. Throws kind `io`, the output named, and what `fill` throws.
   */
  write(fill: (write: WriteChunk) => Promise<void>): Promise<void>;
}

interface OutputOptions {
  /** For errors: `--out` */
  readonly option: string;
  /** It is nothing for a terminal. */
  readonly binary?: boolean;
  /** Of a plain file that is made; default that of others. */
  readonly mode?: number;
  /** Its folder may have to be made first. */
  readonly makeFolder?: boolean;
  /** A plain file has its name from the beginning, and grows under it. */
  readonly live?: boolean;
  /** It is written after a signal, too, but then waits no longer than that for a reader; default: it ends with the signal. */
  readonly graceMs?: number;
}

type FileContext = Pick<Context, 'cwd' | 'stdout' | 'json' | 'signal'>;

/**
 * Finds out where the output of a command goes, before its work is done. `-` is standard output, and so is what leads
 * to it, such as /dev/stdout. Throws `cli.usage` for that beside --json, `output.terminal` (kind `refused`),
 * `output.folder` (kind `io`) for a folder and for one that is not there, and what {@link outputPlace} throws.
 */
export function openOutput(context: FileContext, out: string, options: OutputOptions): OutputFile {
  const { cwd, signal } = context;
  if (out === '') throw usageError(`${options.option}: expected a file or -, found an empty text`);
  const path = resolve(cwd, out);
  const place = out === '-' ? { kind: 'descriptor' as const, fd: 1 } : outputPlace(path);
  if (place.kind === 'descriptor' && place.fd === 1) return standardOutput(context, out, options);
  assertPlace(out, path, place, options.makeFolder === true);
  const limits = { signal, graceMs: options.graceMs };
  return {
    name: out,
    isStdout: false,
    folder: dirname(path),
    replaces: place.kind === 'file' && place.there ? place.path : undefined,
    isSameFile: (other) => 'there' in place && isSame(place.there, resolve(cwd, other)),
    async write(fill) {
      try {
        if (place.kind === 'file')
          await writeWhole({ path: place.path, name: out }, fill, options, signal);
        else if (place.kind === 'block-device') {
          const into = () => writeInto(out, place, fill, limits);
          await withDiskClaim(place.path, into, { signal, name: out });
        } else await writeInto(out, place, fill, limits);
      } catch (error) {
        throw named(out, error);
      }
    },
  };
}

/** Throws `cli.usage` where an output would take the place of one of the files that it is made of. */
export function assertNotRead(
  output: OutputFile,
  option: string,
  reads: readonly (string | undefined)[],
): void {
  const same = reads.find((read) => read !== undefined && output.isSameFile(read));
  if (same === undefined) return;
  throw usageError(`${option}: expected another file than ${same}, which is read`);
}

/** What people are told of a result that is on standard output itself. */
export function reportNote({ report }: Pick<Context, 'report'>, text: string): undefined {
  report({ type: 'note', text });
}

function standardOutput(
  { stdout, json, signal, cwd }: FileContext,
  out: string,
  { option, binary, graceMs }: OutputOptions,
): OutputFile {
  if (json)
    throw usageError(
      `--json: expected a file for ${option}, found ${out}, which is standard output`,
    );
  if (binary && 'isTTY' in stdout && stdout.isTTY === true) {
    const message = `${option}: expected a file or a pipe, found standard output, which is a terminal`;
    throw new TwinbankError('refused', 'output.terminal', message);
  }
  const write: WriteChunk = (chunk) =>
    sendTo(stdout, chunk, 'standard output', { signal, graceMs });
  return {
    name: 'standard output',
    isStdout: true,
    folder: cwd,
    replaces: undefined,
    isSameFile: () => false,
    write: (fill) => fill(write),
  };
}

function isSame(there: Stats | undefined, other: string): boolean {
  const found = ifThere(other, statSync);
  return there !== undefined && there.dev === found?.dev && there.ino === found.ino;
}

function isFolder(path: string): boolean {
  return ifThere(path, statSync)?.isDirectory() === true;
}

function assertPlace(out: string, path: string, place: OutputPlace, makeFolder: boolean): void {
  if (place.kind === 'descriptor') return;
  const refuse = (message: string): never => {
    throw new TwinbankError('io', 'output.folder', message, { data: { path: out } });
  };
  if (place.kind === 'folder') refuse(`${out}: expected a file to write to, found a directory`);
  if (place.kind === 'socket') refuse(`${out}: expected a file to write to, found a socket`);
  if (isFolder(dirname(place.path))) return;
  // That of a link may be elsewhere.
  const folder = isFolder(dirname(path)) ? dirname(place.path) : dirname(out);
  if (makeFolder) {
    assertOutputFolder(dirname(place.path), folder);
    return;
  }
  const found = ifThere(dirname(place.path), statSync) ? 'something else' : 'none';
  refuse(`${out}: expected the folder ${folder} to write to, found ${found}`);
}

async function writeWhole(
  replaced: Replaced,
  fill: (write: WriteChunk) => Promise<void>,
  { mode = 0o666, makeFolder, live, graceMs }: OutputOptions,
  signal: AbortSignal,
): Promise<void> {
  const { path } = replaced;
  const folder = dirname(path);
  if (makeFolder) makeFolders(folder);
  // What is written after a signal, too, is not kept from it by one.
  const limits = graceMs === undefined ? { signal } : {};
  const replace = <T>(work: () => Promise<T>) => withReplaceClaims([replaced], work, limits);
  if (live) return writeLive(await replace(() => open(path, 'w', mode)), fill);
  await sweepTemporaryImages(folder);
  const partial = temporaryName(folder);
  const file = await open(partial, 'wx', mode);
  try {
    await fill((chunk) => file.writeFile(chunk));
    await file.sync();
    await file.close();
    if (graceMs === undefined) signal.throwIfAborted();
    await replace(() => rename(partial, path));
  } finally {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
  }
}

async function writeLive(
  file: FileHandle,
  fill: (write: WriteChunk) => Promise<void>,
): Promise<void> {
  try {
    await fill((chunk) => file.writeFile(chunk));
  } finally {
    await file.close();
  }
}

async function writeInto(
  name: string,
  place: Exclude<OutputPlace, { kind: 'file' }>,
  fill: (write: WriteChunk) => Promise<void>,
  limits: WaitLimits,
): Promise<void> {
  const special = await openSpecial(place, limits);
  try {
    await fill((chunk) => sendTo(special.stream, chunk, name, limits));
    await special.end();
  } finally {
    special.destroy();
  }
}

/** The person knows the file by the name it was given, not by the one it has while it grows. */
function named(name: string, error: unknown): unknown {
  const { code, syscall, message = '' } = error as NodeJS.ErrnoException;
  const refused = refusedAt(name, 'write', error);
  if (refused && !(error instanceof TwinbankError)) return refused;
  if (error instanceof TwinbankError || code === undefined || syscall === undefined) return error;
  const [, reason = message] = /^\w+: ([^,]*)/.exec(message) ?? [];
  const text = `${name}: could not write it: ${reason}`;
  const data = { errno: code, path: name };
  return new TwinbankError('io', `io.${code.toLowerCase()}`, text, { cause: error, data });
}
