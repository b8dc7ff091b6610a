import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { openBundle } from '../../../../src/update/bundle/bundle-reader.ts';
import { decodeHeader, encodeHeader } from '../../../../src/update/bundle/ustar.ts';
import {
  type ByteSource,
  memorySource,
  streamSource,
} from '../../../../src/update/source/byte-source.ts';
import { exhaustive, sampleSeed } from '../../../support/exhaustive.ts';
import {
  flipped,
  makeBundle,
  nameOf,
  partOf,
  piped,
  readAll,
  refusal,
  Untrusted,
} from './small-bundle.ts';

/** Contents of no, one, a block's and more than a block's bytes. */
const bundle = await makeBundle({
  'base.json': 700,
  'base.sig': 512,
  'modules/engine.v00': 3000,
  'modules/empty.v00': 0,
  'packages/tool': 1,
});

/** Every bit of a part; in a sample one of 61, a prime, so that every bit of a byte has its turn. */
function* bitsOf({ offset, length }: { offset: number; length: number }): Generator<number> {
  const step = exhaustive ? 1 : 61;
  for (let bit = exhaustive ? 0 : sampleSeed % Math.min(step, length * 8); bit < length * 8; ) {
    yield offset * 8 + bit;
    bit += step;
  }
}
if (!exhaustive) console.info(`one bit of 61: TWINBANK_SEED=${sampleSeed}`);

describe('a bundle with a bit flipped', () => {
  // 45000 bundles where none is left out.
  test('in a header, padding or the end is refused, naming the entry', async () => {
    for (const one of bundle.parts.filter((found) => found.part !== 'content')) {
      for (const bit of bitsOf(one)) {
        const error = await refusal(readAll(piped(flipped(bundle, bit)), bundle));
        if (!error.message.startsWith(nameOf(one))) expect.fail(`bit ${bit}: ${error.message}`);
        if (error.code !== `bundle.${one.part}`) expect.fail(`bit ${bit}: ${error.code}`);
      }
    }
  });

  test.each(['bundle.json', 'bundle.sig'])('in %s is no longer what was signed', async (path) => {
    const ends = { untrusted: 0, refused: 0 };
    const bits = [...bitsOf(partOf(bundle, path, 'content'))];
    for (const bit of bits) {
      const error = await readAll(piped(flipped(bundle, bit)), bundle).catch(
        (thrown: unknown) => thrown,
      );
      if (error instanceof Untrusted) ends.untrusted++;
      else if (error instanceof TwinbankError && error.message.startsWith('x.tbu: bundle.json: ')) {
        ends.refused++;
      } else expect.fail(`bit ${bit}: ${error}`);
    }
    expect(ends.untrusted + ends.refused).toBe(bits.length);
    expect(ends.untrusted).toBeGreaterThan(0);
    if (path === 'bundle.json') expect(ends.refused).toBeGreaterThan(ends.untrusted / 2);
    else expect(ends.refused).toBe(0);
  });

  test('in a content is refused, naming the entry', async () => {
    const contents = bundle.parts.filter((one) => one.part === 'content').slice(2);
    for (const one of contents) {
      for (const bit of bitsOf(one)) {
        const error = await refusal(readAll(piped(flipped(bundle, bit)), bundle));
        expect(error.code).toBe('bundle.hash');
        expect(error.message.startsWith(nameOf(one))).toBe(true);
      }
    }
    expect(contents.map(({ length }) => length)).toEqual(bundle.entries.map(({ bytes }) => bytes));
  });
});

describe('a bundle that is not whole', () => {
  test('is refused wherever it was cut, naming the entry', async () => {
    const cuts = new Set([0, 1]);
    for (let at = 0; at < bundle.bytes.length; at += 512) {
      for (const cut of [at - 1, at, at + 1]) if (cut >= 0) cuts.add(cut);
    }
    for (const { offset } of bundle.parts) cuts.add(offset);
    cuts.add(bundle.bytes.length - 1);
    for (const cut of cuts) {
      const error = await refusal(readAll(piped(bundle.bytes.subarray(0, cut)), bundle));
      expect(error.code).toBe('bundle.truncated');
      const missing = bundle.parts.find(({ offset, length }) => offset + length > cut)!;
      expect(error.message.startsWith(nameOf(missing))).toBe(true);
      expect(
        (await refusal(openBundle(memorySource('x', bundle.bytes.subarray(0, cut))))).kind,
      ).toBe('corrupt');
    }
    expect(cuts.size).toBeGreaterThan(40);
  });

  test.each([1, 512, 9216])('is refused with %d bytes after its end', async (length) => {
    const bytes = Buffer.concat([bundle.bytes, Buffer.alloc(length)]);
    const error = await refusal(readAll(piped(bytes), bundle));
    expect(`${error.code}: ${error.message}`).toBe(
      `bundle.end: x.tbu: end: expected nothing after ${bundle.bytes.length} bytes, found more`,
    );
  });
});

describe('a bundle that lies about sizes', () => {
  /** The bundle with another size in the header of a path, the checksum right. */
  const withSize = (path: string, bytes: number): Buffer => {
    const copy = Buffer.from(bundle.bytes);
    copy.set(encodeHeader({ path, bytes }), partOf(bundle, path, 'header').offset);
    return copy;
  };

  test.each([
    ['bundle.json', 2 ** 20 + 1, 1_048_576],
    ['bundle.json', 8 ** 11 - 1, 1_048_576],
    ['bundle.sig', 2 ** 16 + 1, 65_536],
  ])('is refused before %s with %d bytes is read', async (path, bytes, most) => {
    let read = 0;
    const source = piped(withSize(path, bytes), 512);
    const counting: ByteSource = {
      ...source,
      async read(max) {
        const chunk = await source.read(max);
        read += chunk?.length ?? 0;
        return chunk;
      },
    };
    const error = await refusal(openBundle(counting));
    expect(error.message).toBe(`x.tbu: ${path}: expected at most ${most} bytes, found ${bytes}`);
    expect(read).toBe(partOf(bundle, path, 'header').offset + 512);
  });

  test('is refused where a header says another size than the index', async () => {
    const error = await refusal(readAll(piped(withSize('base.json', 701)), bundle));
    expect(error.message).toContain(
      'x.tbu: base.json: expected "00000001274" in the tar header\'s',
    );
    expect(decodeHeader(encodeHeader({ path: 'a', bytes: 0o1274 })).bytes).toBe(700);
  });

  test('is refused where another file stands first', async () => {
    const rest = bundle.bytes.subarray(partOf(bundle, 'bundle.sig', 'header').offset);
    const error = await refusal(openBundle(piped(rest)));
    expect(error.message).toBe('x.tbu: bundle.json: expected bundle.json, found bundle.sig');
  });

  test('takes no more memory than a chunk, whatever it claims', async () => {
    const claimed = await makeBundle({ 'base.json': 1, 'base.sig': 1 });
    const index = JSON.parse(Buffer.from(claimed.indexBytes).toString());
    index.entries.push({ bytes: 2 ** 31, path: 'modules/a', sha256: 'a'.repeat(64) });
    const indexBytes = Buffer.from(JSON.stringify(index));
    const header = (path: string, bytes: number) => encodeHeader({ path, bytes });
    const padded = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);
    const documents = [indexBytes, Buffer.from('s'), ...claimed.entries.map((one) => one.content)];
    const paths = ['bundle.json', 'bundle.sig', 'base.json', 'base.sig'];
    const total = 64 * 2 ** 20;
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (const [at, document] of documents.entries()) {
        yield Buffer.concat([header(paths[at]!, document.length), padded(document)]);
      }
      yield header('modules/a', 2 ** 31);
      for (; given < total; given += 65_536) yield new Uint8Array(65_536);
    }
    const before = process.memoryUsage().arrayBuffers;
    const reader = await openBundle(streamSource('x.tbu', endless()));
    let entry = await reader.next();
    while (entry?.path !== 'modules/a') entry = await reader.next();
    const { read } = entry;
    let taken = 0;
    let ahead = 0;
    let most = 0;
    async function take(): Promise<void> {
      for (let chunk = await read(2 ** 31); chunk; chunk = await read(2 ** 31)) {
        taken += chunk.length;
        ahead = Math.max(ahead, given - taken);
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    }
    const error = await refusal(take());
    expect(error.message).toBe(
      `x.tbu: modules/a: expected 2147483648 bytes, found the end after ${total}`,
    );
    expect(taken).toBe(total);
    expect(ahead).toBeLessThanOrEqual(2 ** 20);
    // All that was given, at most; the engine clears away when it likes.
    expect(most).toBeLessThan(total + 2 ** 20);
  });
});
