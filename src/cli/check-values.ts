import type { Dash } from './command.ts';
import { usageError } from './failure.ts';

/** What a command line may hold, by the command's own declaration. */
interface Declared {
  /** `twinbank recipe show`. */
  readonly path: string;
  /** Positionals, without dashes. */
  readonly positionals: readonly string[];
  /** Positionals and options that are text. */
  readonly texts: readonly string[];
  readonly dash: Readonly<Record<string, Dash>>;
}

/**
 * Refuses (`cli.usage`) a `-` where a command takes no stream, two that would read the same one, and a text that is
 * empty: as a path it would be the current folder.
 */
export function checkValues(options: Readonly<Record<string, unknown>>, declared: Declared): void {
  const { path, positionals, texts, dash } = declared;
  const readers: string[] = [];
  for (const name of new Set([...positionals, ...texts])) {
    const kind = dash[name];
    const shown = positionals.includes(name) ? name : `--${name}`;
    const refuse = (expected: string, found: string): never => {
      throw usageError(`${shown}: expected ${expected}, found ${found} (see ${path} --help)`);
    };
    for (const value of [options[name]].flat()) {
      if (kind === 'text') continue;
      const expected = kind === undefined ? 'a value' : 'a file or -';
      if (value === '') refuse(expected, 'an empty text');
      if (value !== '-') continue;
      if (kind === undefined) refuse('a value', '-, which stands for a stream; none is taken here');
      if (kind === 'input') readers.push(shown);
    }
  }
  if (readers.length < 2) return;
  const found = `${readers.join(', ')}: expected one - to read standard input, found ${readers.length}`;
  throw usageError(`${found} (see ${path} --help)`);
}
