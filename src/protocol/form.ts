import { TwinbankError } from '../diagnostics/error.ts';
import { quote } from '../diagnostics/quote.ts';

/**
 * The form of a JSON value that a file or a peer hands over: returns it with its type, or throws `json.form` (kind
 * `corrupt`), one sentence with the place. By hand: 1.6 KB in each program, where zod has 96 and zod/mini 15.
 */
export type Form<T> = (value: unknown, place: string) => T;

/** A JSON text of a form; `place` names the file or the peer. Throws `json.form`. */
export function parseJson<T>(text: string, form: Form<T>, place: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(place, 'JSON', text.slice(0, 40));
  }
  return form(value, place);
}

export const text: Form<string> = (value, place) => {
  if (typeof value === 'string') return value;
  throw wrong(place, 'text', value);
};

export const number: Form<number> = (value, place) => {
  if (typeof value === 'number') return value;
  throw wrong(place, 'a number', value);
};

export const flag: Form<boolean> = (value, place) => {
  if (typeof value === 'boolean') return value;
  throw wrong(place, 'true or false', value);
};

/** Whoever uses it looks at it himself. */
export const anything: Form<unknown> = (value) => value;

export function oneOf<const T extends string | number>(...values: readonly T[]): Form<T> {
  return (value, place) => {
    const found = values.find((one) => one === value);
    if (found !== undefined) return found;
    throw wrong(place, values.join(' or '), value);
  };
}

export function nullable<T>(form: Form<T>): Form<T | null> {
  return (value, place) => (value === null ? null : form(value, place));
}

export function list<T>(form: Form<T>): Form<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) throw wrong(place, 'a list', value);
    return value.map((one, index) => form(one, `${place}[${index}]`));
  };
}

/** An object whose members all have one form, by any names. */
export function record<T>(form: Form<T>): Form<Readonly<Record<string, T>>> {
  return (value, place) => {
    const entries = Object.entries(objectAt(value, place));
    return Object.fromEntries(entries.map(([name, one]) => [name, form(one, `${place}.${name}`)]));
  };
}

type Members = Readonly<Record<string, Form<unknown>>>;
type Of<M extends Members> = { readonly [Name in keyof M]: ReturnType<M[Name]> };

/** An object with these members, and with those of `optional` where they are there. Others are left out. */
export function object<M extends Members, O extends Members = Record<never, never>>(
  members: M,
  optional?: O,
): Form<Of<M> & Partial<Of<O>>> {
  return (value, place) => {
    const given = objectAt(value, place);
    const found: Record<string, unknown> = {};
    for (const [name, form] of Object.entries(members)) {
      found[name] = form(memberOf(given, name), `${place}.${name}`);
    }
    for (const [name, form] of Object.entries(optional ?? {})) {
      const value = memberOf(given, name);
      if (value !== undefined) found[name] = form(value, `${place}.${name}`);
    }
    return found as Of<M> & Partial<Of<O>>;
  };
}

/** Not what every object has. */
function memberOf(given: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function objectAt(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw wrong(place, 'an object', value);
}

function wrong(place: string, expected: string, found: unknown): TwinbankError {
  const message = `${place}: expected ${expected}, found ${shown(found)}`;
  return new TwinbankError('corrupt', 'json.form', message, { data: { place } });
}

/** It may be anybody's text, and goes to consoles. */
function shown(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
