import { once } from 'node:events';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import {
  type ByteSource,
  fileSource,
  memorySource,
  streamSource,
} from '../../../../src/update/source/byte-source.ts';
import { errorOf } from '../../../support/error-of.ts';
import { randomBytes } from '../bundle/random-bytes.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-source-'));
afterAll(() => rmSync(folder, { recursive: true }));
const content = randomBytes(3 * 2 ** 20 + 77);
const path = join(folder, 'x.tbu');
writeFileSync(path, content);

/** All chunks, each at most as long as asked for, and never empty. */
async function chunksOf(source: ByteSource, max: number): Promise<Uint8Array[]> {
  const list: Uint8Array[] = [];
  for (let chunk = await source.read(max); chunk; chunk = await source.read(max)) {
    expect(chunk.length).toBeGreaterThan(0);
    expect(chunk.length).toBeLessThanOrEqual(max);
    list.push(chunk);
  }
  expect(await source.read(max)).toBeUndefined();
  await source.close();
  return list;
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const sources: Record<string, () => ByteSource> = {
  'a file': () => fileSource(path),
  'bytes in memory': () => memorySource('x', content),
  'a stream': () => streamSource('x', Readable.from(chunks(content, 65_536))),
  'a generator': () => streamSource('x', chunks(content, 5000)),
};

describe.each(Object.entries(sources))('%s', (_what, open) => {
  test.each([2 ** 20, 2 ** 30, 100_000, 511])(
    'gives every byte once, in chunks of %d',
    async (max) => {
      expect(Buffer.concat(await chunksOf(open(), max)).equals(content)).toBe(true);
    },
  );

  test('gives bytes that later reads do not change', async () => {
    const source = open();
    const first = (await source.read(1000))!;
    const second = (await source.read(1000))!;
    expect(Buffer.from(first).equals(content.subarray(0, first.length))).toBe(true);
    const next = content.subarray(first.length, first.length + second.length);
    expect(Buffer.from(second).equals(next)).toBe(true);
    await source.close();
  });
});

describe('a file', () => {
  test('tells its path and size, and is read a mebibyte at a time', async () => {
    const source = fileSource(path);
    expect(source.name).toBe(path);
    expect(source.size).toBe(content.length);
    const lengths = (await chunksOf(source, 2 ** 30)).map(({ length }) => length);
    expect(lengths).toEqual([2 ** 20, 2 ** 20, 2 ** 20, 77]);
  });

  test.each([
    ['a directory', folder, 'expected a file or block device, found a directory'],
    ['nothing', join(folder, 'none'), 'could not open it: there is no such file'],
  ])('is refused where there is %s', (_what, where, message) => {
    const error = errorOf(() => fileSource(where));
    expect(error.kind).toBe('io');
    expect(error.message).toBe(`${where}: ${message}`);
  });

  test('that becomes shorter is noticed', async () => {
    const short = join(folder, 'short');
    writeFileSync(short, content);
    const source = fileSource(short);
    await source.read(2 ** 20);
    truncateSync(short, 1000);
    await expect(source.read(2 ** 20)).rejects.toMatchObject({ code: 'file.truncated' });
    await source.close();
  });
});

test('bytes in memory stay as they are, whatever is done to what was read', async () => {
  const bytes = Buffer.from('abc');
  const chunk = await memorySource('x', bytes).read(3);
  chunk?.fill(0);
  expect(bytes.toString()).toBe('abc');
});

describe('a stream', () => {
  test('is read on only when its bytes are asked for', async () => {
    let made = 0;
    async function* counting(): AsyncGenerator<Uint8Array> {
      for (; made < 100; made++) yield new Uint8Array(65_536).fill(made);
    }
    const source = streamSource('x', Readable.from(counting(), { highWaterMark: 1 }));
    await source.read(65_536);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(made).toBeLessThan(5);
    await source.close();
  });

  test('may have empty chunks, which are no end', async () => {
    async function* gaps(): AsyncGenerator<Uint8Array> {
      for (const length of [0, 3, 0, 0, 2, 0]) yield new Uint8Array(length);
    }
    const lengths = (await chunksOf(streamSource('x', gaps()), 100)).map(({ length }) => length);
    expect(lengths).toEqual([3, 2]);
  });

  test('gives the same bytes however they are cut', async () => {
    const cut = fc.array(fc.nat(50), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(cut, fc.integer({ min: 1, max: 60 }), async (sizes, max) => {
        const parts = sizes.map((size) => randomBytes(size));
        const source = streamSource('x', Readable.from(parts));
        expect(Buffer.concat(await chunksOf(source, max))).toEqual(Buffer.concat(parts));
      }),
    );
  });

  test('that breaks is told of by its name', async () => {
    const stream = new PassThrough();
    const source = streamSource('standard input', stream);
    const read = source.read(10);
    stream.destroy(new Error('EIO: i/o error, read'));
    const error = await read.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TwinbankError);
    expect(error).toMatchObject({
      kind: 'io',
      code: 'source.read',
      message: 'standard input: could not read it: EIO: i/o error, read',
    });
  });

  test('is ended by close, and so is a read that waits for it', async () => {
    const stream = new PassThrough();
    const source = streamSource('x', stream);
    const read = source.read(10).catch((error: unknown) => error);
    await source.close();
    expect(await read).toMatchObject({ code: 'source.read' });
    expect(stream.destroyed).toBe(true);
  });

  test('lets a generator clean up, but does not wait for one that waits', async () => {
    let cleaned = false;
    async function* generator(): AsyncGenerator<Uint8Array> {
      try {
        yield new Uint8Array(1);
        await once(new PassThrough(), 'never');
      } finally {
        await new Promise((resolve) => setImmediate(resolve));
        cleaned = true;
      }
    }
    const done = streamSource('x', generator());
    await done.read(1);
    await done.close();
    expect(cleaned).toBe(true);

    const stuck = streamSource('x', generator());
    await stuck.read(1);
    void stuck.read(1);
    await stuck.close();
  });

  test('of text is a mistake of ours', async () => {
    await expect(streamSource('x', Readable.from(['a'])).read(1)).rejects.toThrow(TypeError);
  });
});
