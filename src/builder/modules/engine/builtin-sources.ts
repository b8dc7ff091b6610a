import { TwinbankError } from '../../../diagnostics/error.ts';

/** JavaScript of Node itself, by its id: `fs`, `internal/deps/undici/undici`. */
export type BuiltinSources = ReadonlyMap<string, string>;

/** Where the program holds a builtin's JavaScript: in bytes, one or two of them for each of its characters. */
export interface BuiltinPlace {
  readonly start: number;
  readonly encoding: 'latin1' | 'utf16le';
}

/** All of them lie together; a text is looked for this far around the first. */
const reach = 16 * 2 ** 20;

/**
 * Finds the sources in the program, and returns a function that says where one of them is; undefined where it is not there
 * exactly once. `js2c` writes a source as Latin-1 or, where it has other characters, in UTF-16.
 */
export function builtinFinder(
  bytes: Buffer,
  sources: BuiltinSources,
): (id: string) => BuiltinPlace | undefined {
  const [anchor] = [...sources.values()].sort((one, other) => other.length - one.length);
  const middle = anchor === undefined ? -1 : bytes.indexOf(encoded(anchor).data);
  const from = Math.max(0, middle - reach);
  const region = bytes.subarray(from, middle < 0 ? 0 : middle + reach);
  return (id) => {
    const source = sources.get(id);
    if (source === undefined || source === '') return undefined;
    const { data, encoding } = encoded(source);
    const at = region.indexOf(data);
    if (at < 0 || region.indexOf(data, at + 1) >= 0) return undefined;
    return { start: from + at, encoding };
  };
}

function encoded(source: string): { data: Buffer } & Pick<BuiltinPlace, 'encoding'> {
  const encoding = /^[\0-\xff]*$/.test(source) ? 'latin1' : 'utf16le';
  return { data: Buffer.from(source, encoding), encoding };
}

/** Writes a text of the same length over a builtin's source. */
export function writeBuiltin(bytes: Buffer, { start, encoding }: BuiltinPlace, text: string): void {
  bytes.write(text, start, encoding);
}

/**
 * Replaces, in place, the source of a builtin by one that throws an error with this message, filled up with blanks. Its
 * compiled form in the program has to go, too ({@link dropCompiledBuiltins}), or it would be taken. Throws
 * `engine.builtin-short` (kind `internal`) where the source is shorter than that.
 */
export function removeBuiltin(
  bytes: Buffer,
  place: BuiltinPlace,
  length: number,
  message: string,
): void {
  // Node shows the line of an error that nobody catches: without the blanks.
  const text = `throw Error(${JSON.stringify(message)})\n`;
  if (text.length > length) {
    throw new TwinbankError(
      'internal',
      'engine.builtin-short',
      `engine: expected room for ${text.length} characters in a builtin, found ${length}`,
    );
  }
  writeBuiltin(bytes, place, text.padEnd(length));
}
