import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { httpSource } from '../../../../src/update/source/http-source.ts';
import { breaking, content, download, drain, etag, failure } from './download.ts';
import { loopback } from './loopback-certificate.ts';
import { raw, serve, status, webServer } from './web-server.ts';

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
    expect(error.code).toBe('update.tls');
    expect(error.message).toBe(
      `${server.url}x.tbu: expected HTTPS with a certificate that is trusted, found another: self-signed certificate`,
    );
    expect(server.requests).toHaveLength(0);
  });

  test('is not looked for where there is none', async () => {
    const server = await webServer([serve(content)]);
    const error = await failure(download(server.url.replace('http:', 'https:')));
    expect(error.code).toBe('update.tls');
    expect(error.message).not.toContain('\n');
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
    const waits = new Set<() => void>();
    const never = (_ms: number, call: () => void) => {
      waits.add(call);
      return () => void waits.delete(call);
    };
    const options = { signal: ending.signal, ...(what === 'more' ? {} : { after: never }) };
    const work = httpSource(server.url, options).then(drain);
    setTimeout(() => ending.abort(reason), 50);
    const begun = performance.now();
    await expect(work).rejects.toBe(reason);
    expect(performance.now() - begun).toBeLessThan(5000);
    await expect.poll(() => server.connections()).toBe(0);
    expect(waits.size).toBe(0);
  });

  test('before the beginning asks nobody', async () => {
    const server = await webServer([serve(content)]);
    await expect(httpSource(server.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(server.requests).toHaveLength(0);
  });

  test('by anybody ends a read with the reason, whatever it is', async () => {
    const server = await webServer([breaking(1000, { after: { bytes: 1000, act: () => {} } })]);
    const ending = new AbortController();
    const source = await httpSource(server.url, { signal: ending.signal });
    await source.read(1000);
    const read = source.read(1000);
    ending.abort();
    await expect(read).rejects.toBe(ending.signal.reason);
    await source.close();
  });

  test('is no longer listened for after the end', async () => {
    const server = await webServer([serve(content), status(404)]);
    const { signal } = new AbortController();
    const source = await httpSource(server.url, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await source.close();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await failure(httpSource(server.url, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
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
