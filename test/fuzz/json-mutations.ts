import { canonicalJson, type JsonValue } from '../../src/update/signing/canonical-json.ts';
import { mutateBytes } from './byte-mutations.ts';
import type { Random } from './random.ts';

/** Of a document; moved about and copied, one can grow without end. */
const longest = 65_536;

type Holder = Record<string, unknown>;

/** Of JSON's text itself. */
const textTokens = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '""',
    '"a":',
    '0',
    '-0',
    '1e3',
    '2.5',
    '1e999',
    'true',
    'null',
    ' ',
    '\n',
  ],
  ...[
    '"\\u0041"',
    '"\\ud800"',
    '"\\u0000"',
    '9007199254740993',
    '"__proto__":{}',
    '\ufeff',
    '[[[[[[[[',
    ']]]]]]]]',
  ],
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xed, 0xa0, 0x80),
];

/** Names that every object of the language has, and what a careless reader would call or copy. */
const names = [
  '\u001b[2J',
  'é\u009b',
  'x'.repeat(2000),
  '',
  'a',
  '__proto__',
  'constructor',
  'toString',
  'valueOf',
  'toJSON',
  'length',
  'then',
  '0',
];

const leaves: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e300, 0.5, -0],
  ...[
    '',
    ' ',
    'a',
    'base',
    '/',
    '..',
    '../x',
    'a/b',
    '\0',
    '\u001b[2J',
    '\u202e',
    '\ud800',
    'é',
    '10',
    '= 1',
    '~',
  ],
  ...[
    'x'.repeat(100),
    'x'.repeat(1025),
    'ab'.repeat(32),
    'AB'.repeat(32),
    '0'.repeat(16),
    'é'.repeat(64),
  ],
  ...[
    [],
    {},
    { toString: 1, valueOf: 1 },
    [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]],
    Array(300).fill('x'),
  ],
];

/**
 * JSON near `input`: most often the same document with members replaced, moved, removed or added, in the one
 * form that readers take; else its bytes changed. `words` are what the format's texts say.
 */
export function mutateJson(
  input: Uint8Array,
  random: Random,
  other: Uint8Array,
  words: readonly string[] = [],
): Uint8Array {
  const document = random.once(6) ? undefined : parsed(input);
  if (document === undefined) {
    return mutateBytes(input, random, other, { tokens: [...textTokens, ...words] });
  }
  const root = { document };
  for (let left = 1 << random.below(4); left > 0; left = random.below(left)) {
    change(root, random, words, other);
  }
  const bytes = encoded(root.document, random);
  return bytes.length <= longest ? bytes : mutateBytes(input, random, other);
}

/** The document, or undefined where there is none or only a bare value. */
function parsed(bytes: Uint8Array): unknown {
  try {
    const document: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}

function encoded(document: unknown, random: Random): Uint8Array {
  if (!random.once(16)) {
    try {
      return canonicalJson(document as JsonValue);
    } catch {
      // A number or text that has no such form: what follows has it all the same.
    }
  }
  return Buffer.from(JSON.stringify(document));
}

function change(root: Holder, random: Random, words: readonly string[], other: Uint8Array): void {
  const places = placesOf(root);
  const [holder, key] = random.pick(places);
  const [from, name] = random.pick(places);
  const value = holder[key];
  const how = random.below(9);
  if (how === 0) put(holder, key, clone(random.pick(leaves)));
  else if (how === 1 && words.length > 0) put(holder, key, random.pick(words));
  else if (how === 2) put(holder, key, clone(from[name]));
  else if (how === 3 && holder !== root) remove(holder, key);
  else if (how === 4) add(value, random, clone(from[name]));
  else if (how === 5) add(holder === root ? value : holder, random, clone(random.pick(leaves)));
  else if (how === 6 && typeof value === 'number') put(holder, key, near(value, random));
  else if (how === 7 && typeof value === 'string') put(holder, key, nearText(value, random, words));
  else if (how === 8) takeFrom(root, random, other);
  else put(holder, key, random.once(2) ? [value] : { a: value });
}

/** Every place in the document, at any depth, but of long lists only the beginning. */
function placesOf(root: Holder): [holder: Holder, key: string][] {
  const places: [Holder, string][] = [];
  const pending = [root];
  for (let holder = pending.pop(); holder; holder = pending.pop()) {
    for (const key of Object.keys(holder).slice(0, 40)) {
      places.push([holder, key]);
      const value = holder[key];
      if (typeof value === 'object' && value !== null && places.length < 400)
        pending.push(value as Holder);
    }
  }
  return places;
}

/** Not by assignment, which for `__proto__` is no member. */
function put(holder: Holder, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function add(holder: unknown, random: Random, value: unknown): void {
  if (Array.isArray(holder)) holder.splice(random.below(holder.length + 1), 0, value);
  else if (typeof holder === 'object' && holder !== null)
    put(holder as Holder, random.pick(names), value);
}

function near(value: number, random: Random): number {
  return random.once(2)
    ? value + random.below(5) - 2
    : value * random.pick([-1, 2, 10, 512, 2 ** 20]);
}

function nearText(value: string, random: Random, words: readonly string[]): string {
  const place = random.below(value.length + 1);
  const piece = random.pick([
    ...words,
    '.',
    '-',
    ' ',
    '0',
    'A',
    '\n',
    '\u0000',
    '/',
    '\u007f',
    value,
  ]);
  return value.slice(0, place) + piece + value.slice(place + random.below(3));
}

function takeFrom(root: Holder, random: Random, other: Uint8Array): void {
  const document = parsed(other);
  if (document === undefined) return;
  const [from, name] = random.pick(placesOf({ document }));
  const [holder, key] = random.pick(placesOf(root));
  put(holder, key, from[name]);
}

function clone(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value;
}
