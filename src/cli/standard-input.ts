import { TwinbankError } from '../diagnostics/error.ts';
import { indexPath } from '../update/bundle/bundle-index.ts';
import { type ByteSource, fileSource, streamSource } from '../update/source/byte-source.ts';
import type { Context, Input } from './command.ts';
import { usageError } from './failure.ts';

/** What messages call it. */
export const standardInput = 'standard input';

/** Standard input for the argument `name`. Throws `cli.usage` at a terminal: nobody types bytes. */
export function pipedInput({ stdin }: Pick<Context, 'stdin'>, name: string): Input {
  if (stdin.isTTY) throw usageError(`${name}: expected a file or a pipe, found a terminal`);
  return stdin;
}

interface OpenBundle {
  readonly source: ByteSource;
  /** Bytes in all; of a stream those that came until now. */
  bytes(): number;
}

/**
 * The bundle at a path, or the one that comes through standard input where `file` is `-`: reading that throws
 * `bundle.foreign` (kind `corrupt`) for anything else, as an image cannot be read from its beginning to its end.
 */
export function openBundle(
  context: Pick<Context, 'stdin'>,
  { argument, file, path }: { argument: string; file: string; path: string },
): OpenBundle {
  if (file !== '-') {
    const source = fileSource(path);
    return { source: { ...source, name: file }, bytes: () => source.size ?? 0 };
  }
  const source = streamSource(standardInput, pipedInput(context, argument));
  let bytes = 0;
  async function read(max: number): Promise<Uint8Array | undefined> {
    const chunk = await source.read(max);
    if (bytes === 0 && chunk) assertBundle(chunk);
    bytes += chunk?.length ?? 0;
    return chunk;
  }
  return { source: { ...source, read }, bytes: () => bytes };
}

function assertBundle(start: Uint8Array): void {
  const name = Buffer.from(`${indexPath}\0`).subarray(0, start.length);
  if (name.equals(start.subarray(0, name.length))) return;
  const message = `${standardInput}: expected a bundle, which is a tar that begins with ${indexPath}, found another file; an image has to be named, as it is read in any order`;
  throw new TwinbankError('corrupt', 'bundle.foreign', message);
}
