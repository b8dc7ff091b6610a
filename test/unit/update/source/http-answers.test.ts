import { describe, expect, test } from 'vitest';
import { httpSource } from '../../../../src/update/source/http-source.ts';
import { breaking, content, download, etag, failure, fakeTime } from './download.ts';
import { type Answer, raw, serve, status, webServer } from './web-server.ts';

describe('an answer that is no file', () => {
  test.each([401, 403, 404, 410, 204, 304])('with status %d ends it at once', async (code) => {
    const server = await webServer([status(code)]);
    const error = await failure(download(server.url));
    expect(`${error.code}: ${error.message}`).toBe(
      `update.http-status: ${server.url}: expected the file, found HTTP status ${code}`,
    );
    expect(error.data.status).toBe(code);
    expect(server.requests).toHaveLength(1);
  });

  test('in another protocol ends it at once', async () => {
    const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
    const server = await webServer([(_request, { socket }) => socket?.write(`${head}hello`)]);
    const error = await failure(download(server.url));
    expect(error.message).toContain('found HTTP status 101');
    await expect.poll(() => server.connections()).toBe(0);
  });

  test('ends it at once also while it is read on', async () => {
    const server = await webServer([breaking(1000), status(404)]);
    expect((await failure(download(server.url))).code).toBe('update.http-status');
    expect(server.requests).toHaveLength(2);
  });

  test('is asked for again where the server is in trouble', async () => {
    const server = await webServer([
      status(500),
      status(502),
      breaking(9),
      status(503),
      serve(content, { etag }),
    ]);
    const { bytes, pauses, notes } = await download(server.url);
    expect(bytes.equals(content)).toBe(true);
    expect(pauses).toEqual([1000, 2000, 4000, 8000]);
    expect(notes[0]).toBe(
      `${server.url}: expected the file, found HTTP status 500; trying again in 1 s`,
    );
  });

  test.each([408, 425, 429])('may have come too soon or too late: status %d', async (code) => {
    const busy = [status(code, { 'Retry-After': '7' }), status(code)];
    const server = await webServer([...busy, serve(content, { etag })]);
    const { bytes, pauses } = await download(server.url);
    expect(bytes.equals(content)).toBe(true);
    expect(pauses).toEqual([7000, 2000]);
  });

  test.each([429, 503])('is given up with the status %d in the end', async (code) => {
    const server = await webServer([status(code, { 'Retry-After': '5' })]);
    const error = await failure(download(server.url, { retries: 2 }));
    expect(error.message).toContain(`found HTTP status ${code}; gave up after 3 attempts`);
    expect(server.requests).toHaveLength(3);
  });

  test('is given up with the status in the end', async () => {
    const server = await webServer([status(500)]);
    const error = await failure(download(server.url));
    expect(error.message).toContain('found HTTP status 500; gave up after 6 attempts');
    expect(server.requests).toHaveLength(6);
  });

  test.each([
    ['7', 7000],
    ['0', 0],
    ['3600', 60_000],
    ['Sat, 01 Mar 2025 10:00:20 GMT', 20_000],
    ['Sat, 01 Mar 2025 09:00:00 GMT', 0],
    ['soon', 1000],
  ])('may say when to come again: %s', async (wait, ms) => {
    const headers = { 'Retry-After': wait, Date: 'Sat, 01 Mar 2025 10:00:00 GMT' };
    const server = await webServer([status(503, headers), serve(content)]);
    expect((await download(server.url)).pauses).toEqual([ms]);
  });

  test('is let go before the next one is asked for', async () => {
    const large = Buffer.alloc(2 ** 24);
    const answers = [500, 302].map(
      (code): Answer =>
        (_request, response) => {
          response.writeHead(code, { Location: '/' }).end(large);
        },
    );
    const held = serve(content, { after: { bytes: 1000, act: () => {} } });
    const server = await webServer([...answers, held]);
    const source = await httpSource(server.url, { after: fakeTime().after });
    await expect.poll(() => server.connections()).toBe(1);
    expect(await source.read(1000)).toHaveLength(1000);
    await source.close();
  });

  test.each(['gzip', 'br'])('is refused where it is packed by %s', async (encoding) => {
    const headers = { 'Content-Encoding': encoding };
    const server = await webServer([status(200, headers)]);
    const error = await failure(download(server.url));
    expect(`${error.code}: ${error.message}`).toBe(
      `update.http-encoding: ${server.url}: expected the file as it is, found Content-Encoding "${encoding}"`,
    );
  });

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['more than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
  ])('is refused where it is %s', async (_what, text) => {
    const server = await webServer([raw(text)]);
    const error = await failure(download(server.url));
    expect(error.code).toBe('update.http-protocol');
    expect(server.requests).toHaveLength(1);
  });

  test('is never long enough where it is less than it says', async () => {
    const server = await webServer([raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')]);
    const error = await failure(download(server.url, { retries: 0 }));
    expect(error.code).toBe('update.download');
  });

  const part = (range: string, text: string) =>
    raw(
      `HTTP/1.1 206 Partial Content\r\nContent-Range: ${range}\r\nConnection: close\r\n\r\n${text}`,
    );
  const begun = raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234');

  test('is read on part by part where a server gives less than was asked for', async () => {
    const server = await webServer([
      begun,
      part('bytes 5-6/10', '56'),
      part('bytes 7-9/10', '789'),
    ]);
    const { bytes, notes } = await download(server.url);
    expect(bytes.toString()).toBe('0123456789');
    expect(notes[1]).toContain('expected 10 bytes, found the end after 7');
  });

  test.each([
    ['from another place', 'bytes 4-9/10', '456789', 'update.http-range'],
    ['that is none', 'pages 1-2', '56789', 'update.http-range'],
    [
      'that is shorter than it says',
      'bytes 5-8/10\r\nContent-Length: 5',
      '56789',
      'update.http-range',
    ],
    ['that is packed', 'bytes 5-9/10\r\nContent-Encoding: gzip', '56789', 'update.http-encoding'],
    ['of another whole', 'bytes 5-10/11', '56789a', 'update.source-changed'],
    ['with more than there is', 'bytes 5-9/10', '56789a', 'update.http-protocol'],
  ])('is refused with a part %s', async (_what, range, text, code) => {
    const server = await webServer([begun, part(range, text)]);
    const error = await failure(download(server.url));
    expect(error.code).toBe(code);
    expect(server.requests).toHaveLength(2);
  });
});
