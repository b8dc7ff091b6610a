import { quote } from '../diagnostics/quote.ts';

/**
 * The shapes of a manifest's members, checked by hand: the running system reads manifests, too, and has no
 * room for a schema library. A rule returns where below the value what was expected
 * (`.modules[2].file: expected a file name`), or undefined where it is right.
 */
export type Rule = (value: unknown) => string | undefined;
export type Members = Readonly<Record<string, Rule>>;

const maxList = 20_000;

function leaf(expected: string, holds: (value: unknown) => boolean): Rule {
  return (value) => (holds(value) ? undefined : `: expected ${expected}`);
}

function pattern(expected: string, test: RegExp): Rule {
  return leaf(expected, (value) => typeof value === 'string' && test.test(value));
}

export const form = {
  /** Printable, of a length that a person can read. */
  text: pattern('a text of at most 1024 characters', /^[^\p{Cc}\p{Cs}]{0,1024}$/u),
  name: pattern('a name', /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/),
  origin: pattern('an origin such as base', /^[a-z][a-z0-9-]{0,7}$/),
  /** A file in the root of a bank or a package's name: never a path. */
  fileName: pattern('a file name', /^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,90}$/),
  /** What a loader loads: nothing else in a bank can be called so. */
  loaded: pattern(
    'vmkernel or a name such as engine.v00',
    /^(vmkernel|[A-Za-z0-9][A-Za-z0-9._+-]{0,63}\.v00)$/,
  ),
  sha256: pattern('64 hexadecimal digits', /^[0-9a-f]{64}$/),
  publicKey: pattern('64 hexadecimal digits', /^[0-9a-f]{64}$/),
  keyId: pattern('16 hexadecimal digits', /^[0-9a-f]{16}$/),
  count: leaf('a whole number', (value) => Number.isSafeInteger(value) && Number(value) >= 0),
  exactly: (wanted: string | number): Rule =>
    leaf(JSON.stringify(wanted), (value) => value === wanted),
  oneOf: (...words: readonly string[]): Rule =>
    leaf(
      `one of ${words.join(', ')}`,
      (value) => typeof value === 'string' && words.includes(value),
    ),
  list:
    (item: Rule, longest = maxList): Rule =>
    (value) => {
      if (!Array.isArray(value) || value.length > longest) {
        return `: expected a list of at most ${longest}`;
      }
      for (const [index, one] of value.entries()) {
        const problem = item(one);
        if (problem !== undefined) return `[${index}]${problem}`;
      }
      return undefined;
    },
  members:
    (members: Members, optional: Members = {}): Rule =>
    (value) =>
      membersRule(value, members, optional),
} as const;

/** What is wrong with an object that should have just these members, as one clause, or undefined. */
export function membersProblem(
  value: unknown,
  members: Members,
  /** Those that need not be there. */
  optional: Members = {},
): string | undefined {
  return membersRule(value, members, optional)?.replace(/^(\.|: )/, '');
}

function membersRule(value: unknown, members: Members, optional: Members = {}): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return ': expected an object';
  }
  const record = value as Record<string, unknown>;
  for (const [key, rule] of Object.entries(members)) {
    if (!Object.hasOwn(record, key)) return `.${key}: expected it to be there`;
    const problem = rule(record[key]);
    if (problem !== undefined) return `.${key}${problem}`;
  }
  for (const [key, rule] of Object.entries(optional)) {
    const problem = Object.hasOwn(record, key) ? rule(record[key]) : undefined;
    if (problem !== undefined) return `.${key}${problem}`;
  }
  const unknownKey = Object.keys(record).find(
    (key) => !Object.hasOwn(members, key) && !Object.hasOwn(optional, key),
  );
  if (unknownKey === undefined) return undefined;
  return `: expected no member ${quote(unknownKey)}`;
}
