import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { outlivesTerminal } from './ignored-hangup.ts';
import { toolMissing } from './run-tool.ts';

/*
 * Ways in which bytes are packed, and the programs that unpack them. Of gzip Node knows, too, but not the same: what it takes for padding
 * depends on where its chunks end. zstd asks for `--long` above windows of 128 MiB; 2 GiB is all that it can.
 */
const programs = {
  gz: ['gzip', '-dc'],
  xz: ['xz', '-dc', '-T0'],
  zst: ['zstd', '-dcq', '--long=31'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export type Packing = keyof typeof programs;

export function isPacking(ending: string): ending is Packing {
  return Object.hasOwn(programs, ending);
}

/**
 * The unpacked bytes of a stream, as they come; `format` is what people call them in what is thrown. Throws a plain error that says what was found in place of sound data,
 * what the stream throws itself, and `host.tool-missing`.
 */
export async function* unpack(
  packed: Readable,
  packing: Packing,
  { signal, format }: { signal?: AbortSignal | undefined; format?: string | undefined } = {},
): AsyncGenerator<Uint8Array> {
  const [name, ...args] = programs[packing];
  const child = spawn(name, args, {
    detached: outlivesTerminal,
    stdio: ['pipe', 'pipe', 'pipe'],
    // gzip and xz read more options from these.
    env: {
      ...process.env,
      LC_ALL: 'C',
      GZIP: undefined,
      XZ_OPT: undefined,
      XZ_DEFAULTS: undefined,
    },
    signal,
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-4096);
  });
  type End = { code: number | null; by: NodeJS.Signals | null };
  const ended = new Promise<End>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? toolMissing(name) : error),
    );
    child.once('close', (code, by) => resolve({ code, by }));
  });
  let unread: Error | undefined;
  packed.once('error', (error) => {
    unread = error;
  });
  // The exit code tells the story, not the broken pipe of a program that gave up.
  const fed = pipeline(packed, child.stdin).catch(() => {});
  ended.catch(() => {});
  try {
    yield* child.stdout;
    const { code, by } = await ended;
    await fed;
    if (unread) throw unread;
    if (code !== 0)
      throw new Error(by ? `${name} ended by ${by}` : problemOf(format ?? name, errors, code));
  } finally {
    child.kill();
  }
}

/** Words of the programs, and what they are about. */
const problems: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/more than one entry/i, () => 'an archive of more than one file'],
  [/encrypted/i, (name) => `${name} data that are encrypted`],
  [/trailing garbage/i, (name) => `other bytes behind the end of its ${name} data`],
  [/unexpected end|premature end/i, (name) => `${name} data that end too early`],
  [/memory|window/i, (name) => `${name} data that need more memory than may be taken`],
  [
    /crc|checksum|corrupt|invalid|integrity|length error/i,
    (name) => `${name} data that are damaged`,
  ],
  [
    /unsupported format|unknown (header|method|flags)|not recognized|not in gzip format/i,
    (name) => `bytes that are no ${name} data, or of a version of it that is not taken`,
  ],
];

/** What a program found, in our words; its own name a pipe that nobody has heard of. `name` is that of the format. */
function problemOf(name: string, errors: string, code: number | null): string {
  const [, words] = problems.find(([pattern]) => pattern.test(errors)) ?? [];
  return words?.(name) ?? `${name} data that cannot be unpacked (exit code ${code})`;
}
