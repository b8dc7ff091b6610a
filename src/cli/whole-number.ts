import { usageError } from './failure.ts';

/** As people write it: no sign, no zero before it, no exponent, no other base. */
const asWritten = /^(0|[1-9][0-9]{0,14})$/;

interface NumberOptions {
  /** `twinbank recipe show`. */
  readonly path: string;
  /** Options and positionals that are numbers, without dashes. */
  readonly numbers: readonly string[];
  /** Those of them that have no dashes. */
  readonly positionals: readonly string[];
}

/**
 * Options with numbers in the place of the texts that were typed. Throws `cli.usage` for a text that is no whole number as it would be
 * printed: `0x5`, `1e1`, `007` and an empty one are numbers to JavaScript, and other ones than they look.
 */
export function readNumbers(
  options: Readonly<Record<string, unknown>>,
  { path, numbers, positionals }: NumberOptions,
): Record<string, unknown> {
  const read = numbers.flatMap((name) => {
    const text = options[name];
    if (typeof text !== 'string') return [];
    if (asWritten.test(text)) return [[name, Number(text)] as const];
    const shown = positionals.includes(name) ? name : `--${name}`;
    const found = `expected a whole number such as 5, found ${JSON.stringify(text)}`;
    throw usageError(`${shown}: ${found} (see ${path} --help)`);
  });
  return { ...options, ...Object.fromEntries(read) };
}

/** The number of an option, within limits; its `name` is without dashes. Throws `cli.usage`. */
export function inRange(
  name: string,
  value: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (value >= least && value <= most) return value;
  throw usageError(`--${name}: expected a whole number from ${least} to ${most}, found ${value}`);
}
