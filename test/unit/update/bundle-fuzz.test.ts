import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { decodeBundleIndex, encodeBundleIndex } from '../../../src/update/bundle-index.ts';
import { openBundle } from '../../../src/update/bundle-reader.ts';
import { type BundleFile, writeBundle } from '../../../src/update/bundle-writer.ts';
import { type ByteSource, memorySource, streamSource } from '../../../src/update/byte-source.ts';
import {
  canonicalJson,
  type JsonValue,
  parseCanonicalJson,
} from '../../../src/update/canonical-json.ts';
import { encodeHeader } from '../../../src/update/ustar.ts';
import { runs } from '../../support/soak.ts';
import { makeBundle } from './small-bundle.ts';

const bundle = await makeBundle({
  'base.json': 30,
  'base.sig': 512,
  'modules/a.v00': 700,
  'packages/p': 0,
});
const document = JSON.parse(Buffer.from(bundle.indexBytes).toString());

/** What takes longer than this on any machine is a hang: it takes 50 microseconds. */
const hangMs = 20_000;

type Outcome = 'taken' | 'refused';

/** Either it is taken, or there is one clean refusal; anything else fails the test. */
async function survives(work: () => unknown): Promise<Outcome> {
  const begun = performance.now();
  let outcome: Outcome = 'taken';
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TwinbankError)) throw error;
    if (error.kind !== 'corrupt') expect.fail(`${error.kind}: ${error.message}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey.
    if (/[\u0000-\u001f\u007f-\u009f]/.test(error.message)) expect.fail(error.message);
    outcome = 'refused';
  }
  if (performance.now() - begun > hangMs) expect.fail('took too long');
  return outcome;
}

/** Counts ends; a test whose inputs are all refused alike would prove little. */
function tally(): { taken: number; refused: number; count(outcome: Outcome): void } {
  const ends = { taken: 0, refused: 0, count: (outcome: Outcome) => void ends[outcome]++ };
  return ends;
}

/** Reads a bundle to its end; what was taken has one form, and so is written again as it was. */
async function takeBundle(source: ByteSource, bytes: Uint8Array): Promise<void> {
  const { indexBytes, signatureBytes, next } = await openBundle(source);
  const entries: BundleFile[] = [];
  for (let entry = await next(); entry; entry = await next()) {
    const content: Uint8Array[] = [];
    for await (const piece of entry.chunks()) content.push(Uint8Array.from(piece));
    entries.push({ path: entry.path, bytes: entry.size, content: () => content });
  }
  const written: Uint8Array[] = [];
  const write = (piece: Uint8Array): void => void written.push(piece);
  await writeBundle(write, { indexBytes, signatureBytes, entries });
  if (Buffer.compare(Buffer.concat(written), bytes) !== 0) expect.fail('taken in two forms');
}

/** A tar in our form with an index, a size for each header, and contents that may not fit them. */
function rawBundle(index: Uint8Array, sizes: readonly number[]): Buffer {
  const files = [
    { path: 'bundle.json', content: index },
    { path: 'bundle.sig', content: bundle.signatureBytes },
    ...bundle.entries,
  ];
  const parts = files.flatMap(({ path, content }, at) => [
    encodeHeader({ path, bytes: sizes[at] ?? content.length }),
    content,
    new Uint8Array(-content.length & 511),
  ]);
  return Buffer.concat([...parts, new Uint8Array(1024)]);
}

const change = fc.tuple(
  fc.nat(bundle.bytes.length - 1),
  fc.uint8Array({ minLength: 1, maxLength: 24 }),
);
const size = fc.oneof(
  fc.constantFrom(0, 1, 511, 512, 513, 2 ** 16 + 1, 2 ** 20 + 1, 2 ** 31, 2 ** 33 - 1),
  fc.nat(2000),
);
const leaf: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, '', 'base.json', 'modules/a.v00', [], {}, 2 ** 33, -1),
  fc.maxSafeInteger(),
  fc.string({ unit: 'binary', maxLength: 70 }),
);

/** The document with one value replaced, removed or added, at any depth. */
const changedDocument = fc
  .tuple(fc.nat(60), leaf, fc.constantFrom('replace', 'remove', 'add'))
  .map(([place, value, how]) => {
    const copy = structuredClone(document);
    const places: [holder: Record<string, JsonValue>, key: string][] = [];
    const walk = (holder: Record<string, JsonValue>): void => {
      for (const [key, inner] of Object.entries(holder)) {
        places.push([holder, key]);
        if (typeof inner === 'object' && inner) walk(inner as Record<string, JsonValue>);
      }
    };
    walk(copy);
    const [holder, key] = places[place % places.length]!;
    if (how === 'replace') holder[key] = value;
    else if (how === 'add') holder[Array.isArray(holder) ? holder.length : `${key}x`] = value;
    else if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
    return copy as JsonValue;
  });

describe('reading a bundle that somebody else made ends soon and cleanly', () => {
  test('with bytes changed, or cut', async () => {
    const ends = tally();
    const changes = fc.array(change, { maxLength: 3 });
    const cut = fc.option(fc.nat(bundle.bytes.length), { freq: 4, nil: bundle.bytes.length });
    await fc.assert(
      fc.asyncProperty(changes, cut, async (list, length) => {
        const bytes = Buffer.from(bundle.bytes.subarray(0, length));
        for (const [offset, piece] of list)
          if (offset < length) bytes.set(piece.subarray(0, length - offset), offset);
        ends.count(await survives(() => takeBundle(memorySource('x', bytes), bytes)));
      }),
      { numRuns: runs(4000) },
    );
    expect(ends.taken).toBeGreaterThan(runs(100));
    expect(ends.refused).toBeGreaterThan(runs(1000));
  });

  test('with an index that is another, in a pipe', async () => {
    const ends = tally();
    await fc.assert(
      fc.asyncProperty(
        changedDocument,
        fc.integer({ min: 400, max: 5000 }),
        async (changed, piece) => {
          const bytes = rawBundle(canonicalJson(changed), []);
          async function* pieces(): AsyncGenerator<Uint8Array> {
            for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
          }
          ends.count(await survives(() => takeBundle(streamSource('x', pieces()), bytes)));
        },
      ),
      { numRuns: runs(2000) },
    );
    // A product or a version may be any.
    expect(ends.taken).toBeGreaterThan(runs(20));
    expect(ends.refused).toBeGreaterThan(runs(1000));
  });

  test('with sizes that are not true, and without memory for them', async () => {
    const ends = tally();
    const claims = fc.tuple(fc.nat(5), size, fc.boolean());
    await fc.assert(
      fc.asyncProperty(claims, async ([at, bytes, listed]) => {
        const sizes = [
          bundle.indexBytes,
          bundle.signatureBytes,
          ...bundle.entries.map((one) => one.content),
        ].map(({ length }) => length);
        sizes[at] = bytes;
        const copy = structuredClone(document);
        if (listed && at > 1) copy.entries[at - 2].bytes = bytes;
        const index = canonicalJson(copy);
        if (at > 0) sizes[0] = index.length;
        const raw = rawBundle(index, sizes);
        const before = process.memoryUsage().arrayBuffers;
        async function* whole(): AsyncGenerator<Uint8Array> {
          yield raw;
        }
        ends.count(await survives(() => takeBundle(streamSource('x', whole()), raw)));
        const grown = process.memoryUsage().arrayBuffers - before;
        if (grown > 8 * 2 ** 20) expect.fail(`${grown} bytes for a claim of ${bytes}`);
      }),
      { numRuns: runs(1000) },
    );
    expect(ends.refused).toBeGreaterThan(runs(900));
  });

  test('that is none', async () => {
    const noise = fc.uint8Array({ maxLength: 4096, size: 'max' });
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        expect(await survives(() => takeBundle(memorySource('x', bytes), bytes))).toBe('refused');
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('canonical JSON that somebody else made is taken in one form or refused', () => {
  const take = (bytes: Uint8Array): Promise<Outcome> =>
    survives(() => {
      const canonical = canonicalJson(parseCanonicalJson(bytes, 'x'));
      if (Buffer.compare(canonical, bytes) !== 0) expect.fail('taken in two forms');
    });

  test('with bytes changed', async () => {
    const ends = tally();
    const place = fc.nat(bundle.indexBytes.length - 1);
    await fc.assert(
      fc.asyncProperty(place, fc.uint8Array({ maxLength: 4 }), async (offset, piece) => {
        const bytes = Buffer.from(bundle.indexBytes);
        bytes.set(piece.subarray(0, bytes.length - offset), offset);
        ends.count(await take(bytes));
      }),
      { numRuns: runs(4000) },
    );
    expect(ends.taken).toBeGreaterThan(runs(100));
    expect(ends.refused).toBeGreaterThan(runs(1000));
  });

  test('of pieces of JSON, and of noise', async () => {
    const ends = tally();
    const tokens = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '0',
      '-0',
      '1e3',
      '2.5',
      'true',
      'null',
      ' ',
      '"\\u0041"',
      '"\\ud800"',
      '9007199254740993',
      '"__proto__"',
      '\ufeff',
      '[[[[[[[[',
      ']]]]]]]]',
    ];
    const soup = fc
      .array(fc.constantFrom(...tokens), { maxLength: 12 })
      .map((list) => Buffer.from(list.join('')));
    const input = fc.oneof(
      { weight: 4, arbitrary: soup },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    );
    await fc.assert(
      fc.asyncProperty(input, async (bytes) => ends.count(await take(bytes))),
      { numRuns: runs(4000) },
    );
    expect(ends.taken).toBeGreaterThan(runs(20));
    expect(ends.refused).toBeGreaterThan(runs(1000));
  });

  test('with levels without end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('[', '{"a":', '[['),
        fc.nat(200_000),
        async (open, depth) => {
          expect(await take(Buffer.from(open.repeat(depth + 17)))).toBe('refused');
          const closed = `${'['.repeat(depth + 17)}${']'.repeat(depth + 17)}`;
          expect(await take(Buffer.from(closed))).toBe('refused');
        },
      ),
      { numRuns: runs(5) },
    );
  });
});

test('the index of a bundle that somebody else made is taken in one form or refused', async () => {
  const ends = tally();
  await fc.assert(
    fc.asyncProperty(changedDocument, async (changed) => {
      const bytes = canonicalJson(changed);
      const outcome = await survives(() => {
        const again = encodeBundleIndex(decodeBundleIndex(bytes, 'x'));
        if (Buffer.compare(again, bytes) !== 0) expect.fail('taken in two forms');
      });
      ends.count(outcome);
    }),
    { numRuns: runs(4000) },
  );
  expect(ends.taken).toBeGreaterThan(runs(100));
  expect(ends.refused).toBeGreaterThan(runs(1000));
});
