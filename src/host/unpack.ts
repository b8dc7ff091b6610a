import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { toolMissing } from './run-tool.ts';

/** Ways in which bytes are packed, and the programs that unpack them; of gzip Node knows. */
const programs = {
  xz: ['xz', '-dc', '-T0'],
  zst: ['zstd', '-dcq'],
  gz: undefined,
} as const satisfies Record<string, readonly [string, ...string[]] | undefined>;

export type Packing = keyof typeof programs;

export function isPacking(ending: string): ending is Packing {
  return ending in programs;
}

/**
 * The unpacked bytes of a stream, as they come. Throws a plain error with what zlib or the program says of damaged
 * data, and `host.tool-missing`.
 */
export function unpack(
  packed: Readable,
  packing: Packing,
  signal?: AbortSignal,
): AsyncIterable<Uint8Array> {
  const program = programs[packing];
  return program ? throughProgram(packed, program, signal) : gunzip(packed);
}

async function* gunzip(packed: Readable): AsyncGenerator<Uint8Array> {
  const unzip = createGunzip({ chunkSize: 1 << 18 });
  packed.on('error', (error) => unzip.destroy(error));
  yield* packed.pipe(unzip);
}

async function* throughProgram(
  packed: Readable,
  [name, ...args]: readonly [string, ...string[]],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const child = spawn(name, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    signal,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? toolMissing(name) : error),
    );
    child.once('close', (code) => resolve(code));
  });
  // The exit code tells the story, not the broken pipe of a program that gave up.
  const fed = pipeline(packed, child.stdin).catch(() => {});
  ended.catch(() => {});
  try {
    yield* child.stdout;
    const code = await ended;
    await fed;
    if (code !== 0) throw new Error(errors.trim().split('\n').pop() || `${name} exit code ${code}`);
  } finally {
    child.kill();
  }
}
