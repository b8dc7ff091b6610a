import { describe, expect, test } from 'vitest';
import { openBundle } from '../../../../src/update/bundle/bundle-reader.ts';
import { memorySource, streamSource } from '../../../../src/update/source/byte-source.ts';
import { flipped, makeBundle, partOf, piped, readAll, refusal, sha256 } from './small-bundle.ts';

const bundle = await makeBundle();

describe('a bundle', () => {
  test.each([2 ** 20, 512, 511, 7])('reads as it was written, in chunks of %d', async (chunk) => {
    const files = await readAll(piped(bundle.bytes, chunk), bundle);
    expect(Object.keys(files)).toEqual(bundle.entries.map(({ path }) => path));
    for (const { path, content } of bundle.entries) {
      expect(Buffer.compare(files[path]!, content)).toBe(0);
    }
  });

  test('gives its index and signature before the rest is read', async () => {
    const begun = partOf(bundle, 'base.json', 'header').offset;
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

  test('tells each entry, and gives chunks no longer than asked for', async () => {
    const reader = await openBundle(piped(bundle.bytes));
    for (const { path, bytes, content } of bundle.entries) {
      const entry = (await reader.next())!;
      expect(entry).toMatchObject({ path, size: bytes, sha256: sha256(content) });
      const chunks: Uint8Array[] = [];
      for (let chunk = await entry.read(100); chunk; chunk = await entry.read(100)) {
        expect(chunk.length).toBeGreaterThan(0);
        expect(chunk.length).toBeLessThanOrEqual(100);
        chunks.push(chunk);
      }
      expect(Buffer.compare(Buffer.concat(chunks), content)).toBe(0);
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
      const { offset, length } = partOf(bundle, path, 'content');
      const error = await refusal(skip(flipped(bundle, (offset + length - 1) * 8)));
      expect(error.message).toContain(`x.tbu: ${path}: expected SHA-256 `);
    }
  });

  test('gives nobody the last bytes of a content that is wrong', async () => {
    const { offset, length } = partOf(bundle, 'modules/engine.v00', 'content');
    const reader = await openBundle(piped(flipped(bundle, offset * 8)));
    let got = 0;
    const read = async (): Promise<void> => {
      for (let entry = await reader.next(); entry; entry = await reader.next()) {
        if (entry.path !== 'modules/engine.v00') continue;
        for (let chunk = await entry.read(1000); chunk; chunk = await entry.read(1000)) {
          got += chunk.length;
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
