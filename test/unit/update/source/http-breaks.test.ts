import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { httpSource } from '../../../../src/update/source/http-source.ts';
import { randomBytes } from '../bundle/random-bytes.ts';
import { makeBundle, readAll } from '../bundle/small-bundle.ts';
import { breaking, content, download, etag, failure, fakeTime, hangUp } from './download.ts';
import { serve, status, webServer } from './web-server.ts';

describe('a connection that breaks', () => {
  test('is made anew, and the file read on where it was', async () => {
    const server = await webServer([breaking(100_000), breaking(50_000), serve(content, { etag })]);
    const { bytes, notes, pauses } = await download(server.url);
    expect(bytes.equals(content)).toBe(true);
    expect(pauses).toEqual([1000, 2000]);
    expect(server.requests.map(({ range }) => range)).toEqual([
      undefined,
      'bytes=100000-',
      'bytes=150000-',
    ]);
    expect(server.requests[1]!.headers['if-range']).toBe(etag);
    expect(notes).toEqual([
      expect.stringMatching(/^http:.*: the connection broke: .*; trying again in 1 s$/),
      expect.stringMatching(/; trying again in 2 s$/),
    ]);
  });

  test('is read on by the time of the last change where there is no strong ETag', async () => {
    const lastModified = 'Sat, 01 Mar 2025 10:00:00 GMT';
    const served = { etag: 'W/"weak"', lastModified };
    const server = await webServer([breaking(1000, served), serve(content, served)]);
    expect((await download(server.url)).bytes.equals(content)).toBe(true);
    expect(server.requests[1]!.headers['if-range']).toBe(lastModified);
  });

  test('is read on without either, as the hashes tell', async () => {
    const server = await webServer([breaking(1000, { etag: undefined }), serve(content)]);
    expect((await download(server.url)).bytes.equals(content)).toBe(true);
    expect(server.requests[1]!.range).toBe('bytes=1000-');
    expect(server.requests[1]!.headers['if-range']).toBeUndefined();
  });

  test('begins again where the server takes no ranges, and gives nothing twice', async () => {
    const served = { etag, noRanges: true };
    const server = await webServer([
      breaking(100_000),
      breaking(99_999, served),
      serve(content, served),
    ]);
    expect((await download(server.url)).bytes.equals(content)).toBe(true);
    expect(server.requests).toHaveLength(3);
  });

  test('may break before the first answer', async () => {
    const server = await webServer([(request) => request.socket.destroy(), serve(content)]);
    expect((await download(server.url)).bytes.equals(content)).toBe(true);
  });

  test('may end without its last chunk', async () => {
    const served = { chunked: true };
    const server = await webServer([breaking(1000, served), serve(content, { etag, ...served })]);
    expect((await download(server.url)).bytes.equals(content)).toBe(true);
    expect(server.requests[1]!.range).toBe('bytes=1000-');
  });

  test('is given up after five attempts without a mebibyte between them', async () => {
    const server = await webServer([breaking(100)]);
    const time = fakeTime();
    const error = await failure(download(server.url, { after: time.after }));
    expect(error.code).toBe('update.download');
    expect(error.message).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/: the connection broke: .*; gave up after 6 attempts$/,
    );
    expect(time.pauses).toEqual([1000, 2000, 4000, 8000, 16_000]);
    expect(server.requests.map(({ range }) => range).at(-1)).toBe('bytes=500-');
  });

  test('is given up after three attempts where nobody listens and nobody ever did', async () => {
    const time = fakeTime();
    // No program may listen at port 1 but by root's will.
    const error = await failure(download('http://127.0.0.1:1/', { after: time.after }));
    expect(error.code).toBe('update.download');
    expect(error.message).toMatch(/: the connection was refused: .*; gave up after 3 attempts$/);
    expect(time.pauses).toEqual([1000, 2000]);
  });

  test('is made anew as often as it gets on by a mebibyte', async () => {
    const large = randomBytes(8 * 2 ** 20);
    const server = await webServer([
      serve(large, { etag, after: { bytes: 2 ** 20 + 1, act: hangUp } }),
    ]);
    const time = fakeTime();
    const { bytes } = await download(server.url, { after: time.after, retries: 1 });
    expect(bytes.equals(large)).toBe(true);
    expect(time.pauses).toEqual(Array(7).fill(1000));
  });

  test('costs a bundle nothing', async () => {
    const bundle = await makeBundle({ 'base.json': 700, 'base.sig': 9, 'modules/a': 200_000 });
    const served = (bytes: number) =>
      serve(bundle.bytes, {
        etag,
        after: { bytes, act: (response) => response.socket?.destroy() },
      });
    const server = await webServer([served(1000), served(90_000), serve(bundle.bytes, { etag })]);
    const source = await httpSource(server.url, { after: fakeTime().after });
    const files = await readAll(source, bundle);
    await source.close();
    expect(server.requests).toHaveLength(3);
    expect(Buffer.compare(files['modules/a']!, bundle.entries[2]!.content)).toBe(0);
  });

  test('does not get on by what came long ago', async () => {
    const large = randomBytes(2 ** 20 + 5000);
    const answers = [2 ** 20 + 1, 100].map((bytes) =>
      serve(large, { etag, after: { bytes, act: hangUp } }),
    );
    const server = await webServer(answers);
    const error = await failure(download(server.url, { retries: 3 }));
    expect(error.message).toContain('gave up after 4 attempts');
    // The first failure is that of the line that got on.
    expect(server.requests).toHaveLength(4);
  });

  test('is not tried again with no retries', async () => {
    const server = await webServer([breaking(100)]);
    const error = await failure(download(server.url, { retries: 0 }));
    expect(error.message).toMatch(/: the connection broke: [^;]*$/);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a server that stalls', () => {
  test.each([
    ['in the middle', (act: () => void) => breaking(1000, { after: { bytes: 1000, act } })],
    ['before its answer', (act: () => void) => act],
  ])('%s is asked again', async (_where, stalling) => {
    const time = fakeTime();
    const server = await webServer([stalling(time.stall), serve(content, { etag })]);
    const { bytes, notes } = await download(server.url, { after: time.after });
    expect(bytes.equals(content)).toBe(true);
    expect(notes).toEqual([
      expect.stringMatching(
        /: the connection broke: (nothing came for|no reply within) 30 s; trying again in 1 s$/,
      ),
    ]);
  });

  test('is watched while it is waited for, and not while nobody reads', async () => {
    const more = (response: ServerResponse): void => void response.write(content.subarray(1000));
    let goOn = (): void => {};
    const act = (response: ServerResponse): void => {
      goOn = () => more(response);
    };
    const time = fakeTime();
    const server = await webServer([breaking(1000, { after: { bytes: 1000, act } })]);
    const source = await httpSource(server.url, { after: time.after });
    await source.read(1000);
    expect(time.watching.size).toBe(0);
    const read = source.read(1000);
    await expect.poll(() => time.watching.size).toBe(1);
    goOn();
    expect(await read).toHaveLength(1000);
    expect(time.watching.size).toBe(0);
    await source.close();
  });
});

describe('a file that changes while it is read', () => {
  const other = randomBytes(content.length);
  test.each([
    ['another ETag', breaking(1000), serve(other, { etag: '"two"' })],
    [
      'another ETag from a server without ranges',
      breaking(1000),
      serve(other, { etag: '"two"', noRanges: true }),
    ],
    [
      'another length from a server without ranges',
      breaking(1000),
      serve(content.subarray(1), { etag, noRanges: true }),
    ],
    [
      'another time of change',
      breaking(1000, { etag: undefined, lastModified: 'Sat, 01 Mar 2025 10:00:00 GMT' }),
      serve(other, { lastModified: 'Sat, 01 Mar 2025 10:00:01 GMT' }),
    ],
    ['another length', breaking(1000, { etag: undefined }), serve(randomBytes(content.length + 1))],
    ['fewer bytes than were read', breaking(1000), status(416)],
    [
      'neither length nor ETag nor ranges',
      breaking(1000, { etag: undefined, chunked: true }),
      serve(other, { chunked: true, noRanges: true }),
    ],
  ])('is noticed by %s, and not tried again', async (_what, first, second) => {
    const server = await webServer([first, second]);
    const error = await failure(download(server.url));
    expect(error.code).toBe('update.source-changed');
    expect(error.message).toMatch(
      /^http.*: expected to read on after byte 1000 of the same file, found .*; begin anew$/,
    );
    expect(server.requests).toHaveLength(2);
  });

  test('is noticed before its first byte, as its size was told', async () => {
    const server = await webServer([breaking(0), serve(randomBytes(5), { etag: '"two"' })]);
    const error = await failure(download(server.url));
    expect(error.code).toBe('update.source-changed');
  });
});
