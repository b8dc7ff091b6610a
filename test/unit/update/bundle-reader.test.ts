import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { openBundle } from '../../../src/update/bundle-reader.ts';
import { type ByteSource, memorySource, streamSource } from '../../../src/update/byte-source.ts';
import { decodeHeader, encodeHeader } from '../../../src/update/ustar.ts';
import { makeBundle, nameOf, readAll, sha256, Untrusted } from './small-bundle.ts';

const bundle = await makeBundle();

/** Of unknown size, so that what is wrong is found where it is. */
function piped(bytes: Uint8Array, pieceBytes = 2 ** 20): ByteSource {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes);
  }
  return streamSource('x.tbu', pieces());
}

async function refusal(work: Promise<unknown>): Promise<TwinbankError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TwinbankError)) throw error ?? new Error('expected a refusal');
  expect(error.kind).toBe('corrupt');
  return error;
}

function flipped(bit: number): Buffer {
  const bytes = Buffer.from(bundle.bytes);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
}

const part = (path: string, kind: string) =>
  bundle.parts.find((one) => one.path === path && one.part === kind)!;

describe('a bundle', () => {
  test.each([2 ** 20, 512, 511, 7])('reads as it was written, in pieces of %d', async (piece) => {
    const files = await readAll(piped(bundle.bytes, piece), bundle);
    expect(Object.keys(files)).toEqual(bundle.entries.map(({ path }) => path));
    for (const { path, content } of bundle.entries) {
      expect(Buffer.compare(files[path]!, content)).toBe(0);
    }
  });

  test('gives its index and signature before the rest is read', async () => {
    const begun = part('base.json', 'header').offset;
    async function* beginning(): AsyncGenerator<Uint8Array> {
      yield bundle.bytes.subarray(0, begun);
      throw new Error('read on');
    }
    const reader = await openBundle(streamSource('x.tbu', beginning()));
    expect(reader.index).toMatchObject(bundle.index);
    expect(Buffer.compare(reader.indexBytes, bundle.indexBytes)).toBe(0);
    expect(Buffer.compare(reader.signatureBytes, bundle.signatureBytes)).toBe(0);
    await expect(reader.next()).rejects.toThrow('read on');
  });

  test('tells each entry, and gives pieces no longer than asked for', async () => {
    const reader = await openBundle(piped(bundle.bytes));
    for (const { path, bytes, content } of bundle.entries) {
      const entry = (await reader.next())!;
      expect(entry).toMatchObject({ path, size: bytes, sha256: sha256(content) });
      const pieces: Uint8Array[] = [];
      for (let piece = await entry.read(100); piece; piece = await entry.read(100)) {
        expect(piece.length).toBeGreaterThan(0);
        expect(piece.length).toBeLessThanOrEqual(100);
        pieces.push(piece);
      }
      expect(Buffer.compare(Buffer.concat(pieces), content)).toBe(0);
      expect(await entry.read(100)).toBeUndefined();
    }
    expect(await reader.next()).toBeUndefined();
    expect(await reader.next()).toBeUndefined();
  });

  test('gives a small entry at once, and none that is large', async () => {
    const large = await makeBundle({ 'base.json': 600, 'base.sig': 9, 'modules/a': 2 ** 20 + 1 });
    const reader = await openBundle(piped(large.bytes));
    const base = (await reader.next())!;
    expect(Buffer.compare(await base.bytes(), large.entries[0]!.content)).toBe(0);
    await reader.next();
    await expect((await reader.next())!.bytes()).rejects.toThrow(RangeError);
  });

  test('may be skipped through, and is checked all the same', async () => {
    const skip = async (bytes: Uint8Array): Promise<number> => {
      const reader = await openBundle(piped(bytes));
      let count = 0;
      for (let entry = await reader.next(); entry; entry = await reader.next()) {
        if (entry.path === 'base.json') await entry.read(10);
        count++;
      }
      return count;
    };
    expect(await skip(bundle.bytes)).toBe(bundle.entries.length);
    for (const path of ['base.json', 'modules/engine.v00']) {
      const { offset, length } = part(path, 'content');
      const error = await refusal(skip(flipped((offset + length - 1) * 8)));
      expect(error.message).toContain(`x.tbu: ${path}: expected SHA-256 `);
    }
  });

  test('gives nobody the last bytes of a content that is wrong', async () => {
    const { offset, length } = part('modules/engine.v00', 'content');
    const reader = await openBundle(piped(flipped(offset * 8)));
    let got = 0;
    const read = async (): Promise<void> => {
      for (let entry = await reader.next(); entry; entry = await reader.next()) {
        if (entry.path !== 'modules/engine.v00') continue;
        for (let piece = await entry.read(1000); piece; piece = await entry.read(1000)) {
          got += piece.length;
        }
      }
    };
    const error = await refusal(read());
    expect(error.code).toBe('bundle.hash');
    expect(error.message).toMatch(
      /^x\.tbu: modules\/engine\.v00: expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}$/,
    );
    expect(got).toBe(length - (length % 1000 || 1000));
    // There is no way on, past what was wrong.
    expect(await refusal(reader.next())).toBe(error);
  });

  test('does not want the size of its source to be known, but uses it', async () => {
    const whole = bundle.bytes.length;
    await readAll(memorySource('x.tbu', bundle.bytes), bundle);
    const short = await refusal(openBundle(memorySource('x.tbu', bundle.bytes.subarray(0, -1))));
    expect(`${short.code}: ${short.message}`).toBe(
      `bundle.truncated: x.tbu: expected ${whole} bytes in all, found ${whole - 1}`,
    );
    const long = Buffer.concat([bundle.bytes, Buffer.alloc(1)]);
    expect((await refusal(openBundle(memorySource('x.tbu', long)))).code).toBe('bundle.end');
  });
});

describe('a bundle with a bit flipped', () => {
  test('in a header, padding or the end is refused, naming the entry', async () => {
    for (const one of bundle.parts.filter((found) => found.part !== 'content')) {
      for (let bit = one.offset * 8; bit < (one.offset + one.length) * 8; bit++) {
        const error = await refusal(readAll(piped(flipped(bit)), bundle));
        if (!error.message.startsWith(nameOf(one))) expect.fail(`bit ${bit}: ${error.message}`);
        if (error.code !== `bundle.${one.part}`) expect.fail(`bit ${bit}: ${error.code}`);
      }
    }
  });

  test.each(['bundle.json', 'bundle.sig'])('in %s is no longer what was signed', async (path) => {
    const { offset, length } = part(path, 'content');
    const ends = { untrusted: 0, refused: 0 };
    for (let bit = offset * 8; bit < (offset + length) * 8; bit++) {
      const error = await readAll(piped(flipped(bit)), bundle).catch((thrown: unknown) => thrown);
      if (error instanceof Untrusted) ends.untrusted++;
      else if (error instanceof TwinbankError && error.message.startsWith('x.tbu: bundle.json: ')) {
        ends.refused++;
      } else expect.fail(`bit ${bit}: ${error}`);
    }
    expect(ends.untrusted + ends.refused).toBe(length * 8);
    expect(ends.untrusted).toBeGreaterThan(0);
    if (path === 'bundle.json') expect(ends.refused).toBeGreaterThan(ends.untrusted / 2);
    else expect(ends.refused).toBe(0);
  });

  test('in a content is refused, naming the entry', async () => {
    const contents = bundle.parts.filter((one) => one.part === 'content').slice(2);
    for (const one of contents) {
      // Prime, so that every bit of a byte has its turn.
      for (let bit = one.offset * 8; bit < (one.offset + one.length) * 8; bit += 37) {
        const error = await refusal(readAll(piped(flipped(bit)), bundle));
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
    copy.set(encodeHeader({ path, bytes }), part(path, 'header').offset);
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
        const piece = await source.read(max);
        read += piece?.length ?? 0;
        return piece;
      },
    };
    const error = await refusal(openBundle(counting));
    expect(error.message).toBe(`x.tbu: ${path}: expected at most ${most} bytes, found ${bytes}`);
    expect(read).toBe(part(path, 'header').offset + 512);
  });

  test('is refused where a header says another size than the index', async () => {
    const error = await refusal(readAll(piped(withSize('base.json', 701)), bundle));
    expect(error.message).toContain(
      'x.tbu: base.json: expected "00000001274" in the tar header\'s',
    );
    expect(decodeHeader(encodeHeader({ path: 'a', bytes: 0o1274 })).bytes).toBe(700);
  });

  test('is refused where another file stands first', async () => {
    const rest = bundle.bytes.subarray(part('bundle.sig', 'header').offset);
    const error = await refusal(openBundle(piped(rest)));
    expect(error.message).toBe('x.tbu: bundle.json: expected bundle.json, found bundle.sig');
  });

  test('takes no more memory than a piece, whatever it claims', async () => {
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
      for (let piece = await read(2 ** 31); piece; piece = await read(2 ** 31)) {
        taken += piece.length;
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
