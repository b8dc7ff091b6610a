import { isIP } from 'node:net';
import { TwinbankError } from '../diagnostics/error.ts';
import { quote } from '../diagnostics/quote.ts';

/**
 * The one sentence about a value that cannot be taken: `network.prefix: expected ..., found 99`. Without a
 * third argument it is silent about what was found.
 */
export function expected(place: string, what: string, ...found: [] | [unknown]): TwinbankError {
  const shown = found.length === 0 ? 'something else' : show(found[0]);
  const message = `${place}: expected ${what}, found ${shown}`;
  return new TwinbankError('corrupt', 'setting.value', message, { data: { place } });
}

/** What was found can be anybody's text, and goes to consoles. */
function show(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? 'a list' : 'an object';
  }
  return String(value);
}

/** The members of an object that has no others than these. Throws `setting.value`. */
export function membersOf<Name extends string>(
  place: string,
  value: unknown,
  names: readonly Name[],
): Partial<Record<Name, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw expected(place, `an object with ${names.join(', ')}`, value);
  }
  const other = Object.keys(value).find((key) => !names.includes(key as Name));
  if (other !== undefined) throw expected(place, `no members but ${names.join(', ')}`, other);
  return value as Partial<Record<Name, unknown>>;
}

/** A list of at most `most` values of a kind, each once. Throws `setting.value`, naming the place in the list. */
export function listOf(
  place: string,
  value: unknown,
  most: number,
  what: string,
  isRight: (one: unknown) => one is string,
): string[] {
  if (!Array.isArray(value)) throw expected(place, 'a list', value);
  if (value.length > most) throw expected(place, `at most ${most}`, value.length);
  for (const [index, one] of value.entries()) {
    if (!isRight(one)) throw expected(`${place}[${index}]`, what, one);
    if (value.indexOf(one) < index) throw expected(`${place}[${index}]`, 'each one once', one);
  }
  return [...value];
}

/** RFC 1123, section 2.1: labels of letters, digits and hyphens, none of these at an end of one. */
export function isHostName(value: unknown): value is string {
  const label = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
  const whole = new RegExp(`^${label}(\\.${label})*$`);
  return typeof value === 'string' && value.length <= 253 && whole.test(value);
}

/** An address, or a name that is not a mistaken one: what ends in a number is no name (RFC 3696, section 2). */
export function isHost(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return isIP(value) !== 0 || (isHostName(value) && !/(^|\.)[0-9]+$/.test(value));
}

/** A list of at most `most` values, each parsed with its place. Throws `setting.value`. */
export function each<T>(
  place: string,
  value: unknown,
  most: number,
  parse: (one: unknown, place: string) => T,
): T[] {
  if (!Array.isArray(value)) throw expected(place, 'a list', value);
  if (value.length > most) throw expected(place, `at most ${most}`, value.length);
  return value.map((one, index) => parse(one, `${place}[${index}]`));
}

/** Throws `setting.value`. */
export function wholeNumber(place: string, value: unknown, least: number, most: number): number {
  const right =
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
  if (!right) throw expected(place, `a whole number from ${least} to ${most}`, value);
  return value;
}

/** Throws `setting.value`. */
export function oneOfValues<const T extends string>(
  place: string,
  value: unknown,
  values: readonly T[],
): T {
  const found = values.find((one) => one === value);
  if (found !== undefined) return found;
  throw expected(place, values.join(' or ') || 'none', value);
}
