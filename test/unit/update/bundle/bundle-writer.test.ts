import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { type BundleParts, writeBundle } from '../../../../src/update/bundle/bundle-writer.ts';
import { memorySource } from '../../../../src/update/source/byte-source.ts';
import { makeBundle, readAll } from './small-bundle.ts';

const bundle = await makeBundle();

async function write(changes: Partial<BundleParts> = {}): Promise<Buffer> {
  const written: Buffer[] = [];
  const length = await writeBundle((bytes) => void written.push(Buffer.from(bytes)), {
    ...bundle,
    ...changes,
  });
  const bytes = Buffer.concat(written);
  expect(bytes.length).toBe(length);
  return bytes;
}

/** The entries, one of them changed. */
const withEntry = (path: string, change: object): Partial<BundleParts> => ({
  entries: bundle.entries.map((one) => (one.path === path ? { ...one, ...change } : one)),
});

async function refusal(changes: Partial<BundleParts>): Promise<string> {
  const error = await write(changes).catch((thrown: unknown) => thrown);
  if (!(error instanceof TwinbankError)) throw error;
  expect(error.kind).toBe('corrupt');
  return `${error.code}: ${error.message}`;
}

describe('writing a bundle', () => {
  test('makes the same bytes of the same parts', async () => {
    expect((await write()).equals(bundle.bytes)).toBe(true);
    expect(bundle.bytes.length % 512).toBe(0);
  });

  test('takes contents at once, chunk by chunk, and as they come', async () => {
    const { content } = bundle.entries.find(({ path }) => path === 'modules/engine.v00')!;
    const chunks = [content.subarray(0, 1), new Uint8Array(), content.subarray(1)];
    async function* coming(): AsyncGenerator<Uint8Array> {
      yield* chunks;
    }
    for (const form of [() => chunks, coming]) {
      const bytes = await write(withEntry('modules/engine.v00', { content: form }));
      expect(bytes.equals(bundle.bytes)).toBe(true);
    }
  });

  test('waits for what it writes to', async () => {
    let busy = false;
    await writeBundle(async () => {
      expect(busy).toBe(false);
      busy = true;
      await new Promise((resolve) => setImmediate(resolve));
      busy = false;
    }, bundle);
  });

  test('asks for a content only when it is its turn', async () => {
    let written = 0;
    const content = (): Uint8Array[] => {
      const { offset } = bundle.parts.find(
        ({ path, part }) => path === 'packages/tool_1.0~rc1' && part === 'content',
      )!;
      expect(written).toBe(offset);
      return [bundle.entries.at(-1)!.content];
    };
    const changes = withEntry('packages/tool_1.0~rc1', { content });
    const count = (bytes: Uint8Array): void => {
      written += bytes.length;
    };
    await writeBundle(count, { ...bundle, ...changes });
    expect(written).toBe(bundle.bytes.length);
  });

  test('gives what can be read, also where contents are larger than a chunk', async () => {
    const large = await makeBundle({ 'base.json': 5, 'base.sig': 5, 'modules/a': 2 ** 21 + 3 });
    const files = await readAll(memorySource('x', large.bytes), large);
    expect(Buffer.compare(files['modules/a']!, large.entries[2]!.content)).toBe(0);
  });

  test.each([
    ['is too short', new Uint8Array(2999), '3000 bytes, found 2999'],
    ['is too long', new Uint8Array(3001), '3000 bytes, found more'],
    ['is another', new Uint8Array(3000), /SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/],
  ])('ends where a content %s', async (_what, content, message) => {
    const found = await refusal(withEntry('modules/engine.v00', { content }));
    expect(found).toMatch(
      /^bundle\.content: modules\/engine\.v00: expected the content that the index lists, /,
    );
    expect(found).toMatch(message);
  });

  test('ends where a content would never end', async () => {
    function* endless(): Generator<Uint8Array> {
      for (;;) yield new Uint8Array(1000);
    }
    expect(await refusal(withEntry('base.json', { content: endless }))).toContain('found more');
  });

  test.each([
    [
      'an entry is missing',
      bundle.entries.slice(0, -1),
      'entry 6: expected packages/tool_1.0~rc1 with 513 bytes, found no more',
    ],
    [
      'there is one too many',
      [...bundle.entries, bundle.entries[0]!],
      'entry 7: expected no more, found base.json with 700 bytes',
    ],
    [
      'the order is another',
      bundle.entries.toReversed(),
      'entry 0: expected base.json with 700 bytes, found packages',
    ],
  ])('is refused where %s', async (_what, entries, message) => {
    expect(await refusal({ entries })).toContain(`bundle.content: ${message}`);
  });

  test('is refused where a size is not that of the index', async () => {
    expect(await refusal(withEntry('base.sig', { bytes: 513 }))).toBe(
      'bundle.content: entry 1: expected base.sig with 512 bytes, found base.sig with 513 bytes',
    );
  });

  test('is refused with a signature that no reader would take', async () => {
    expect(await refusal({ signatureBytes: new Uint8Array(65_537) })).toBe(
      'bundle.size: bundle.sig: expected at most 65536 bytes, found 65537',
    );
  });

  test('is refused with an index that is none', async () => {
    expect(await refusal({ indexBytes: Buffer.from('{}') })).toContain(
      'bundle.index: bundle.json: ',
    );
  });
});
