/** No argument of a process can hold it, so nobody can type what is marked by it. */
const mark = '\0';

/** The switch that stands where `--` stood: it ends an option that still waits for its value. */
export const endOfOptions = mark;

/**
 * Arguments as yargs takes them. By itself it drops a `-` from lists, makes an empty text of it elsewhere, and
 * hands what follows `--` to no positional; what is marked here it takes for a word like any other.
 */
export function markArgs(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  if (end === -1) return argv.map(markDash);
  const rest = argv.slice(end + 1);
  return [
    ...argv.slice(0, end).map(markDash),
    // With its value, as a switch takes a `true` that follows it for its own.
    `--${endOfOptions}=true`,
    ...rest.map((arg) => (arg.startsWith('-') ? `${mark}${arg}` : arg)),
  ];
}

/** The options of a command line as they were written, lists among them. */
export function unmarkOptions(options: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(options).filter(([name]) => name !== endOfOptions);
  return Object.fromEntries(entries.map(([name, value]) => [name, unmarkValue(value)]));
}

/** A message of yargs, which names what it was handed. */
export function unmarkText(text: string): string {
  // As it is, and as JSON has it.
  return text.replaceAll(mark, '').replaceAll('\\u0000', '');
}

function markDash(arg: string): string {
  return arg === '-' ? `${mark}-` : arg;
}

function unmarkValue(value: unknown): unknown {
  if (typeof value === 'string') return unmarkText(value);
  return Array.isArray(value) ? value.map(unmarkValue) : value;
}
