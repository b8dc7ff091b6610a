import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import type { ByteSource } from '../../../src/update/byte-source.ts';
import type { After } from '../../../src/update/http-request.ts';
import { type HttpSourceOptions, httpSource } from '../../../src/update/http-source.ts';
import { loopback } from './loopback-certificate.ts';
import { randomBytes } from './random-bytes.ts';
import { raw, serve, status, webServer } from './web-server.ts';

const content = randomBytes(300_000);
const etag = '"one"';
const stallMs = 30_000;

interface FakeTime {
  /** Milliseconds of each pause; none takes any. */
  readonly pauses: number[];
  /** What ends connections that are quiet for too long. */
  readonly watching: Set<() => void>;
  /** Lets as much time pass as a connection may be quiet, as soon as one is waited for. */
  stall(): void;
  readonly after: After;
}

function fakeTime(): FakeTime {
  const time: FakeTime = {
    pauses: [],
    watching: new Set(),
    stall() {
      const timer = setInterval(() => {
        if (time.watching.size === 0) return;
        clearInterval(timer);
        for (const call of time.watching) call();
      }, 20);
    },
    after(ms, call) {
      if (ms === stallMs) {
        time.watching.add(call);
        return () => void time.watching.delete(call);
      }
      time.pauses.push(ms);
      const timer = setImmediate(call);
      return () => clearImmediate(timer);
    },
  };
  return time;
}

interface Ended {
  readonly bytes: Buffer;
  readonly notes: string[];
  readonly pauses: number[];
}

/** Reads all that an address has; an error has what was told until then. */
async function download(url: string, options: HttpSourceOptions = {}): Promise<Ended> {
  const notes: string[] = [];
  const time = fakeTime();
  consumed = 0;
  const source = await httpSource(url, {
    after: time.after,
    report: (event) => void notes.push('text' in event ? event.text : event.type),
    ...options,
  });
  try {
    return { bytes: await drain(source), notes, pauses: time.pauses };
  } finally {
    await source.close();
  }
}

/** Bytes that the running test has read. */
let consumed = 0;

async function drain(source: ByteSource): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let piece = await source.read(2 ** 20); piece; piece = await source.read(2 ** 20)) {
    pieces.push(piece);
    consumed += piece.length;
  }
  return Buffer.concat(pieces);
}

async function failure(work: Promise<unknown>): Promise<TwinbankError> {
  const error = await work.then(
    () => new Error('expected a failure'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TwinbankError)) throw error;
  expect(error.kind).toBe('io');
  return error;
}

/** Breaks a connection once all that came over it was read: what waits in a buffer then is lost. */
function hangUp(response: ServerResponse, sent: number): void {
  const timer = setInterval(() => {
    if (consumed < sent) return;
    clearInterval(timer);
    response.socket?.destroy();
  }, 2).unref();
}

const breaking = (bytes: number, served = {}) =>
  serve(content, { etag, after: { bytes, act: hangUp }, ...served });

describe('a file from a web server', () => {
  test('is what the server has, and as long as it says', async () => {
    const server = await webServer([serve(content)]);
    const source = await httpSource(`${server.url}x.tbu`);
    expect(source.name).toBe(`${server.url}x.tbu`);
    expect(source.size).toBe(content.length);
    expect((await drain(source)).equals(content)).toBe(true);
    await source.close();
    const [{ path, headers }] = server.requests as [(typeof server.requests)[0]];
    expect(path).toBe('/x.tbu');
    expect(headers['accept-encoding']).toBe('identity');
    expect(headers.range).toBeUndefined();
  });

  test('may have a length that nobody knows', async () => {
    const server = await webServer([serve(content, { chunked: true })]);
    const source = await httpSource(server.url);
    expect(source.size).toBeUndefined();
    expect((await drain(source)).equals(content)).toBe(true);
  });

  test('may be empty', async () => {
    const server = await webServer([serve(new Uint8Array())]);
    expect((await download(server.url)).bytes.length).toBe(0);
  });

  test('stays on the server until somebody asks for it', async () => {
    const large = Buffer.alloc(64 * 2 ** 20);
    let drained = false;
    const server = await webServer([
      (_request, response) => {
        response.writeHead(200, { 'Content-Length': large.length });
        response.write(large, () => {
          drained = true;
        });
      },
    ]);
    const source = await httpSource(server.url);
    await source.read(1000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(drained).toBe(false);
    await source.close();
  });

  test('is let go by close, also before it was read', async () => {
    const server = await webServer([breaking(1000, { after: { bytes: 1000, act: () => {} } })]);
    const source = await httpSource(server.url);
    expect(await server.connections()).toBe(1);
    await source.close();
    await expect.poll(() => server.connections()).toBe(0);
  });
});

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

  test('is made anew as often as it gets on by a mebibyte', async () => {
    const large = randomBytes(8 * 2 ** 20);
    const act = hangUp;
    const server = await webServer([serve(large, { etag, after: { bytes: 2 ** 20 + 1, act } })]);
    const time = fakeTime();
    const { bytes } = await download(server.url, { after: time.after, retries: 1 });
    expect(bytes.equals(large)).toBe(true);
    expect(time.pauses).toEqual(Array(7).fill(1000));
  });

  test('is not tried again with no retries', async () => {
    const server = await webServer([breaking(100)]);
    const error = await failure(download(server.url, { retries: 0 }));
    expect(error.message).toMatch(/: the connection broke: [^;]*$/);
    expect(server.requests).toHaveLength(1);
  });

  test('to a port where nobody listens is tried again, too', async () => {
    const time = fakeTime();
    const error = await failure(download('http://127.0.0.1:1/x', { after: time.after }));
    expect(error.message).toMatch(
      /^http:\/\/127\.0\.0\.1:1\/x: the connection broke: .*ECONNREFUSED/,
    );
    expect(time.pauses).toHaveLength(5);
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
    ['of another whole', 'bytes 5-10/11', '56789a', 'update.source-changed'],
    ['with more than there is', 'bytes 5-9/10', '56789a', 'update.http-protocol'],
  ])('is refused with a part %s', async (_what, range, text, code) => {
    const server = await webServer([begun, part(range, text)]);
    const error = await failure(download(server.url));
    expect(error.code).toBe(code);
    expect(server.requests).toHaveLength(2);
  });
});

describe('a redirect', () => {
  const to = (location: string, code = 302) => status(code, { Location: location });

  test.each([301, 302, 303, 307, 308])('by %d is followed, also by a path alone', async (code) => {
    const server = await webServer([to('/there?a=1', code), serve(content)]);
    expect((await download(`${server.url}here`)).bytes.equals(content)).toBe(true);
    expect(server.requests.map(({ path }) => path)).toEqual(['/here', '/there?a=1']);
  });

  test('is followed five times, and anew when the file is read on', async () => {
    const redirects = [1, 2, 3, 4, 5].map((step) => to(`/${step}`));
    const server = await webServer([
      ...redirects,
      breaking(1000),
      to('/new'),
      serve(content, { etag }),
    ]);
    expect((await download(server.url)).bytes.equals(content)).toBe(true);
    expect(server.requests.map(({ path }) => path).slice(5)).toEqual(['/5', '/', '/new']);
    expect(server.requests[7]!.range).toBe('bytes=1000-');
  });

  test('is not followed for ever', async () => {
    const server = await webServer([to('/again')]);
    const error = await failure(download(server.url));
    expect(`${error.code}: ${error.message}`).toBe(
      `update.redirect: ${server.url}: expected at most 5 redirects, found more`,
    );
    expect(server.requests).toHaveLength(6);
  });

  test('takes user and password to the same server only', async () => {
    const second = await webServer([serve(content)]);
    const first = await webServer([to('/same'), to(second.url)]);
    const url = first.url.replace('://', '://us%65r:p%40ss@');
    expect((await download(url)).bytes.equals(content)).toBe(true);
    const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(first.requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
    expect(second.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});

describe('a server with a certificate', () => {
  test('is asked where the certificate is trusted', async () => {
    const server = await webServer([breaking(1000), serve(content, { etag })], loopback);
    const { bytes } = await download(`${server.url}x.tbu`, { ca: loopback.cert });
    expect(server.url).toMatch(/^https:/);
    expect(bytes.equals(content)).toBe(true);
  });

  test('is refused at once where it is not', async () => {
    const server = await webServer([serve(content)], loopback);
    const error = await failure(download(`${server.url}x.tbu`));
    expect(error.code).toBe('update.certificate');
    expect(error.message).toBe(
      `${server.url}x.tbu: expected a certificate that is trusted, found another: self-signed certificate`,
    );
    expect(server.requests).toHaveLength(0);
  });

  test('does not lead out into the open', async () => {
    const open = await webServer([serve(content)]);
    const server = await webServer([status(302, { Location: open.url })], loopback);
    const error = await failure(download(server.url, { ca: loopback.cert }));
    expect(error.code).toBe('update.redirect');
    expect(open.requests).toHaveLength(0);
  });
});

describe('user, password and query', () => {
  test.each([
    ['a status', [status(500)]],
    ['a break', [breaking(100)]],
    ['a change', [breaking(100), status(416)]],
    ['a redirect', [status(302, { Location: 'ftp://name:s3cret@x/' })]],
    ['redirects without end', [status(302, { Location: '/?token=s3cret' })]],
    ['no HTTP', [raw('nonsense\r\n')]],
  ])('are in no message of %s', async (_what, answers) => {
    const server = await webServer(answers);
    const notes: string[] = [];
    const options = { report: (event: object) => void notes.push(JSON.stringify(event)) };
    const url = `${server.url.replace('://', '://name:s3cret@')}x?token=s3cret`;
    const error = await failure(download(url, options));
    for (const text of [error.message, JSON.stringify(error.data), ...notes]) {
      expect(text).not.toMatch(/s3cret|name:/);
    }
    expect(error.message).toContain(`${server.url}x?...`);
  });
});

describe('an abort', () => {
  const reason = new TwinbankError('interrupted', 'cli.interrupted', 'interrupted by SIGINT');

  test.each([
    ['the answer', () => {}],
    ['more', breaking(1000, { after: { bytes: 1000, act: () => {} } })],
    ['the next attempt', status(500)],
  ])('ends the wait for %s', async (what, answer) => {
    const server = await webServer([answer]);
    const ending = new AbortController();
    const never = () => () => {};
    const options = { signal: ending.signal, ...(what === 'more' ? {} : { after: never }) };
    const work = httpSource(server.url, options).then(drain);
    setTimeout(() => ending.abort(reason), 50);
    const begun = performance.now();
    await expect(work).rejects.toBe(reason);
    expect(performance.now() - begun).toBeLessThan(5000);
    await expect.poll(() => server.connections()).toBe(0);
  });

  test('before the beginning asks nobody', async () => {
    const server = await webServer([serve(content)]);
    await expect(httpSource(server.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(server.requests).toHaveLength(0);
  });

  test('holds for what has come already', async () => {
    const server = await webServer([serve(content)]);
    const ending = new AbortController();
    const source = await httpSource(server.url, { signal: ending.signal });
    await source.read(1);
    ending.abort(reason);
    await expect(source.read(1)).rejects.toBe(reason);
    await source.close();
  });
});
