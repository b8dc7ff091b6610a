import { nearestWord } from '../recipe/nearest-word.ts';
import { usageError } from './failure.ts';

/** How far a command line was understood. */
export interface ParsedSoFar {
  /** `twinbank recipe show`. */
  readonly path: string;
  /** `twinbank recipe show <recipe>`. */
  readonly synopsis: string;
  /** Names of the options that this command knows, without dashes. */
  readonly options: readonly string[];
  /** Those of them that may come more than once. */
  readonly lists: readonly string[];
  /** Positionals and options that are text. */
  readonly texts: readonly string[];
  /** Positionals and options that are numbers. */
  readonly numbers: readonly string[];
}

/** The parser's message as an error that names what was expected and what was found. */
export function usageMistake(
  message: string,
  argv: readonly string[],
  reached: ParsedSoFar,
): Error {
  return usageError(`${sentence(message, argv, reached)} (see ${reached.path} --help)`);
}

function sentence(message: string, argv: readonly string[], reached: ParsedSoFar): string {
  const depth = reached.path.split(' ').length - 1;
  const names = argv.filter((argument) => !argument.startsWith('-'));
  const [kind, text = ''] = /^([^:?]*?)(?:: (.*)|\?)$/.exec(message)?.slice(1) ?? [message];
  if (kind?.startsWith('Did you mean ')) {
    const word = names[depth] ?? argv.join(' ');
    return `${word}: no such command; did you mean ${kind.slice('Did you mean '.length)}?`;
  }
  if (kind === 'Not enough non-option arguments') return `expected ${reached.synopsis}`;
  if (kind === 'Not enough arguments following') return `--${text}: expected a value, found none`;
  if (kind === 'Unknown argument' || kind === 'Unknown arguments') {
    return text
      .split(', ')
      .map((name) => unknown(name, argv, reached))
      .join('; ');
  }
  if (message.startsWith('Invalid values:')) {
    return [...message.matchAll(/Argument: ([^,]*), Given: (.*), Choices: (.*)/g)]
      .map(([, name = '', given = '', choices = '']) => notAChoice(name, given, choices, reached))
      .join('; ');
  }
  return message.replace(/\s*\n\s*/g, ' ').replace(/[.\s]+$/, '');
}

/** `given` is one value, or several with commas between them; both it and `choices` are in quotation marks. */
function notAChoice(name: string, given: string, choices: string, reached: ParsedSoFar): string {
  const isPositional = [`<${name}>`, `[${name}]`].some((one) => reached.synopsis.includes(one));
  const shown = isPositional ? name : `--${name}`;
  const words = [...choices.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word);
  const near = nearestWord(given.replaceAll('"', ''), words);
  const hint = near === null ? '' : `; did you mean ${near}?`;
  return `${shown}: expected one of ${words.join(', ')}, found ${given}${hint}`;
}

/** `out` of `--out=x`; undefined for what has no dashes. */
function optionName(argument: string): string | undefined {
  return /^--?([^=]+)/.exec(argument)?.[1];
}

/** Behind `--` nothing is an option. */
function beforeEnd(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

function unknown(name: string, argv: readonly string[], reached: ParsedSoFar): string {
  const written = beforeEnd(argv).find((argument) => (optionName(argument) ?? argument) === name);
  if (!written?.startsWith('-') || written === '-') {
    return reached.synopsis.endsWith(' COMMAND')
      ? `${name}: no such command`
      : `${name}: expected no more than ${reached.synopsis}`;
  }
  const near = nearestWord(name, reached.options);
  return `${written}: no such option${near === null ? '' : `; did you mean --${near}?`}`;
}

/** Refuses a positional that is written as an option: yargs takes it, and passes it over beside the real one. */
export function refuseDashed(
  argv: readonly string[],
  { path, synopsis }: ParsedSoFar,
  positionals: readonly string[],
): void {
  const dashed = positionals.find((name) => typedOptions(argv).has(name));
  if (dashed === undefined) return;
  throw usageError(
    `--${dashed}: expected it without dashes, as in ${synopsis} (see ${path} --help)`,
  );
}

/** Refuses an option that says nothing beside the others; `unmet` knows what it was expected with. */
export function refuseIgnored(
  argv: readonly string[],
  { path, options }: ParsedSoFar,
  unmet: (name: string) => string | undefined,
): void {
  const typed = typedOptions(argv);
  for (const name of options.filter((one) => typed.has(one))) {
    const expected = unmet(name);
    if (expected === undefined) continue;
    throw usageError(
      `--${name}: expected ${expected}; without it the option does nothing (see ${path} --help)`,
    );
  }
}

function typedOptions(argv: readonly string[]): ReadonlySet<string> {
  const dashed = beforeEnd(argv).filter((argument) => argument.startsWith('--'));
  return new Set(dashed.map((argument) => kebab(optionName(argument) ?? '')));
}

/** yargs takes `--dryRun` for `--dry-run`. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** yargs turns `--out a --out b` into a list; which of the two was meant nobody can know. */
export function refuseRepeated(
  options: Record<string, unknown>,
  argv: readonly string[],
  reached: ParsedSoFar,
): void {
  const args = beforeEnd(argv);
  for (const [name, value] of Object.entries(options)) {
    // A positional such as <recipe..> is a list, too, but nobody writes it with dashes.
    if (!args.some((argument) => optionName(argument) === name)) continue;
    if (!Array.isArray(value) || reached.lists.includes(name)) continue;
    const found = `expected it once, found it ${value.length} times`;
    throw usageError(`--${name}: ${found} (see ${reached.path} --help)`);
  }
}
