import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { proxiesOf } from '../../../../src/update/source/http-proxy.ts';
import { httpSource } from '../../../../src/update/source/http-source.ts';
import { breaking, content, download, etag, failure } from './download.ts';
import { loopback } from './loopback-certificate.ts';
import { listenUntilFinished, serve, status, webServer } from './web-server.ts';

const at = (proxy: ReturnType<ReturnType<typeof proxiesOf>>) =>
  proxy && `${proxy.address.hostname}:${proxy.address.port}`;

describe('the proxies of an environment', () => {
  test.each([
    [{ http_proxy: 'http://p:1' }, 'http://x/', 'p:1'],
    [{ HTTP_PROXY: 'http://p:1' }, 'http://x/', 'p:1'],
    [{ http_proxy: 'http://p:1', HTTP_PROXY: 'http://q:1' }, 'http://x/', 'p:1'],
    [{ http_proxy: 'http://p:1' }, 'https://x/', undefined],
    [{ https_proxy: 'http://p' }, 'https://x/', 'p:80'],
    [{ all_proxy: 'p:3128' }, 'https://x/', 'p:3128'],
    [{ all_proxy: 'http://p:1', https_proxy: 'http://[::1]:2' }, 'https://x/', '::1:2'],
    [{ http_proxy: '' }, 'http://x/', undefined],
    [{}, 'http://x/', undefined],
  ])('%j ask %s by %s', (env, url, expected) => {
    expect(at(proxiesOf(env)(new URL(url)))).toBe(expected);
  });

  test.each([
    ['*', 'http://x/', true],
    ['example.org', 'http://example.org/', true],
    ['.example.org', 'http://a.example.org/', true],
    ['*.example.org', 'http://a.example.org/', true],
    ['example.org', 'http://notexample.org/', false],
    ['other, EXAMPLE.org', 'http://a.example.org/', true],
    ['example.org:8080', 'http://example.org/', false],
    ['example.org:80', 'http://example.org/', true],
    ['127.0.0.1', 'http://127.0.0.1:5/', true],
    ['10.0.0.0/8', 'http://10.1.2.3/', true],
    ['10.0.0.0/8', 'http://11.1.2.3/', false],
    ['10.0.0.0/99', 'http://10.1.2.3/', false],
    ['::1', 'http://[::1]/', true],
    ['[::1]:80', 'http://[::1]/', true],
    ['fd00::/8', 'http://[fd12::1]/', true],
    [':80', 'http://x/', false],
    ['', 'http://x/', false],
  ])('leave out what no_proxy=%s means: %s', (list, url, direct) => {
    const found = proxiesOf({ all_proxy: 'http://p:1', no_proxy: list })(new URL(url));
    expect(found === undefined).toBe(direct);
  });

  test.each(['socks5://u:secret@p:1', 'https://u:secret@p', 'http://%zz:secret@p', 'http://'])(
    'are refused where one is no HTTP proxy, without its password: %s',
    async (value) => {
      const proxyFor = proxiesOf({ http_proxy: value });
      const error = await httpSource('http://x/', { proxyFor }).catch((thrown) => thrown);
      expect(`${error.kind} ${error.code}: ${error.message}`).toBe(
        'usage update.proxy: http_proxy: expected a proxy such as http://proxy.example.org:3128, found another',
      );
    },
  );
});

/** A proxy for one test, and what it was asked for. */
async function proxyServer(refuseWith?: number) {
  const asked: string[] = [];
  const note = (what: string, authorization = '-'): void =>
    void asked.push(`${what} ${authorization}`);
  const server = createServer((incoming, response) => {
    note(incoming.url ?? '', incoming.headers['proxy-authorization']);
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    request(incoming.url ?? '', { headers }, (found) => {
      response.writeHead(found.statusCode ?? 0, found.headers);
      found.pipe(response);
    }).end();
  });
  server.on('connect', ({ url = '', headers }, socket) => {
    note(url, headers['proxy-authorization']);
    if (refuseWith !== undefined) return socket.end(`HTTP/1.1 ${refuseWith} No\r\n\r\n`);
    const [host, port] = url.split(':');
    const other = connect(Number(port), host);
    for (const one of [socket, other]) {
      one.on('error', () => {});
      one.on('close', () => [socket, other].map((end) => end.destroy()));
    }
    other.on('connect', () => {
      socket.write('HTTP/1.1 200 Yes\r\n\r\n');
      socket.pipe(other).pipe(socket);
    });
  });
  const port = await listenUntilFinished(server);
  return { asked, url: `http://us%65r:p%40ss@127.0.0.1:${port}`, name: `http://127.0.0.1:${port}` };
}
const basic = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;

describe('a download by a proxy', () => {
  test('asks it for the whole address, and each server for what is its own', async () => {
    const proxy = await proxyServer();
    const server = await webServer([
      status(302, { Location: '/there?a=1' }),
      serve(content, { etag }),
    ]);
    const url = `${server.url}x.tbu`.replace('://', '://me:mine@');
    const proxyFor = proxiesOf({ http_proxy: proxy.url });
    expect((await download(url, { proxyFor })).bytes.equals(content)).toBe(true);
    expect(proxy.asked).toEqual([`${server.url}x.tbu ${basic}`, `${server.url}there?a=1 ${basic}`]);
    const { headers } = server.requests[0]!;
    expect(headers.host).toBe(new URL(server.url).host);
    expect(headers.authorization).toBe(`Basic ${Buffer.from('me:mine').toString('base64')}`);
  });

  test('passes through it by HTTPS, checks the certificate, and reads on', async () => {
    const proxy = await proxyServer();
    const server = await webServer([breaking(1000), serve(content, { etag })], loopback);
    const proxyFor = proxiesOf({ https_proxy: proxy.url });
    const { bytes } = await download(server.url, { proxyFor, ca: loopback.cert });
    expect(bytes.equals(content)).toBe(true);
    expect(proxy.asked).toEqual(Array(2).fill(`${new URL(server.url).host} ${basic}`));
    expect(server.requests.map(({ headers }) => headers['proxy-authorization'])).toEqual([
      undefined,
      undefined,
    ]);
    const error = await failure(download(server.url, { proxyFor }));
    expect(error.code).toBe('update.tls');
  });

  test('ends at once where it is refused, and is tried again where that may pass', async () => {
    const server = await webServer([serve(content)], loopback);
    const proxy = await proxyServer(407);
    const proxyFor = proxiesOf({ https_proxy: proxy.url });
    const error = await failure(download(server.url, { proxyFor }));
    expect(`${error.code}: ${error.message}`).toBe(
      `update.proxy: proxy ${proxy.name}: expected a connection to 127.0.0.1, found HTTP status 407`,
    );
    const busy = await proxyServer(503);
    const again = { proxyFor: proxiesOf({ https_proxy: busy.url }), retries: 1 };
    expect((await failure(download(server.url, again))).message).toMatch(
      /found HTTP status 503; gave up after 2 attempts$/,
    );
    expect(busy.asked).toHaveLength(2);
    expect(server.requests).toEqual([]);
  });

  test('leaves no connection behind', async () => {
    const proxy = await proxyServer();
    const held = serve(content, { after: { bytes: 1000, act: () => {} } });
    const server = await webServer([held], loopback);
    const proxyFor = proxiesOf({ https_proxy: proxy.url });
    const source = await httpSource(server.url, { proxyFor, ca: loopback.cert });
    expect(await source.read(1000)).toHaveLength(1000);
    await source.close();
    await expect.poll(() => server.connections()).toBe(0);
  });
});
