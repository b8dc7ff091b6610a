/**
 * The shapes of a manifest's members, checked by hand: the running system reads manifests, too, and has no
 * room for a schema library. A rule returns what it expected, or undefined where the value is right.
 */
export type Rule = (value: unknown) => string | undefined;
export type Members = Readonly<Record<string, Rule>>;

const maxList = 20_000;

function pattern(expected: string, test: RegExp): Rule {
  return (value) => (typeof value === 'string' && test.test(value) ? undefined : expected);
}

export const form = {
  /** Printable, of a length that a person can read. */
  text: pattern('a text of at most 1024 characters', /^[^\p{Cc}\p{Cs}]{0,1024}$/u),
  name: pattern('a name', /^[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}$/),
  origin: pattern('an origin such as base', /^[a-z][a-z0-9-]{0,7}$/),
  /** A file in the root of a bank or a package's name: never a path. */
  fileName: pattern('a file name', /^[A-Za-z0-9][A-Za-z0-9.+~_-]{0,90}$/),
  sha256: pattern('64 hexadecimal digits', /^[0-9a-f]{64}$/),
  publicKey: pattern('64 hexadecimal digits', /^[0-9a-f]{64}$/),
  keyId: pattern('16 hexadecimal digits', /^[0-9a-f]{16}$/),
  count: (value: unknown) =>
    Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : 'a whole number',
  exactly:
    (wanted: string | number): Rule =>
    (value) =>
      value === wanted ? undefined : JSON.stringify(wanted),
  oneOf:
    (...words: readonly string[]): Rule =>
    (value) =>
      words.includes(String(value)) ? undefined : `one of ${words.join(', ')}`,
  list:
    (item: Rule, longest = maxList): Rule =>
    (value) => {
      if (!Array.isArray(value) || value.length > longest) return `a list of at most ${longest}`;
      for (const [index, one] of value.entries()) {
        const problem = item(one);
        if (problem !== undefined) return `in entry ${index} ${problem}`;
      }
      return undefined;
    },
  members:
    (members: Members): Rule =>
    (value) =>
      membersProblem(value, members),
} as const;

/** What is wrong with an object that should have just these members, as one clause, or undefined. */
export function membersProblem(value: unknown, members: Members): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'expected an object';
  const record = value as Record<string, unknown>;
  for (const [key, rule] of Object.entries(members)) {
    const expected = Object.hasOwn(record, key) ? rule(record[key]) : 'one';
    if (expected !== undefined) return `"${key}": expected ${expected.replace(/^expected /, '')}`;
  }
  const stranger = Object.keys(record).find((key) => !Object.hasOwn(members, key));
  return stranger === undefined
    ? undefined
    : `expected no member ${JSON.stringify(stranger.slice(0, 40))}`;
}
