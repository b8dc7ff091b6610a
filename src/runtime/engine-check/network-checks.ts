import { equal } from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, get, request } from 'node:http';
import { createServer as createTlsServer, get as getTls } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { makeIdentity } from './certificate.ts';

const host = '127.0.0.1';

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** TLS 1.3 and 1.2, the server's certificate checked by name, and refused where it is not known. */
export async function checkTls(): Promise<void> {
  const identity = makeIdentity();
  const server = createTlsServer(identity, (_, response) => response.end('over TLS'));
  const port = await listen(server);
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
    const socket = connectTls({
      port,
      host,
      servername: 'localhost',
      ca: identity.cert,
      maxVersion,
    });
    await once(socket, 'secureConnect');
    equal(socket.authorized, true);
    equal(socket.getProtocol(), maxVersion);
    socket.destroy();
  }
  const options = {
    host,
    port,
    servername: 'localhost',
    headers: { host: 'localhost' },
    agent: false,
  };
  const [answer] = await once(getTls({ ...options, ca: identity.cert }), 'response');
  equal(await text(answer), 'over TLS');
  const [refused] = await once(getTls(options), 'error');
  equal(refused.code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
  server.close();
}

/** A body both ways in chunks, two requests on one connection, and the same by fetch. */
export async function checkHttp(): Promise<void> {
  const server = createServer(async (incoming, response) => {
    response.writeHead(201, { 'content-type': 'text/plain' });
    response.end(`${incoming.method} ${await text(incoming)}`);
  });
  const port = await listen(server);
  const post = request({ host, port, method: 'POST' });
  post.write('one ');
  post.end('two');
  const [answer] = await once(post, 'response');
  equal(answer.statusCode, 201);
  equal(await text(answer), 'POST one two');
  const [again] = await once(get({ host, port }), 'response');
  equal(await text(again), 'GET ');
  const fetched = await fetch(`http://${host}:${port}/`, { method: 'PUT', body: 'fetched' });
  equal(await fetched.text(), 'PUT fetched');
  server.close();
  server.closeAllConnections();
}

/** A WebSocket's opening handshake (RFC 6455, section 1.3), then raw bytes both ways on its socket. */
export async function checkUpgrade(): Promise<void> {
  const server = createServer();
  server.on('upgrade', (incoming, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
    socket.pipe(socket);
    equal(incoming.headers['sec-websocket-version'], '13');
  });
  const port = await listen(server);
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const asked = request({ host, port, headers });
  asked.end();
  const [answer, socket] = await once(asked, 'upgrade');
  equal(answer.statusCode, 101);
  socket.write('echo');
  equal(String((await once(socket, 'data'))[0]), 'echo');
  socket.destroy();
  server.close();
}

/** A TCP and a Unix socket, and datagrams. */
export async function checkSockets(): Promise<void> {
  // Below the working folder: a socket's whole path has 107 bytes at most (unix(7)).
  for (const path of [undefined, 'check.sock']) {
    const server = createTcpServer((socket) => socket.end('hello'));
    const port = path === undefined ? await listen(server) : undefined;
    if (path !== undefined) await once(server.listen(path), 'listening');
    equal(await text(path === undefined ? connect(port ?? 0, host) : connect({ path })), 'hello');
    server.close();
  }
  const [one, other] = [createSocket('udp4'), createSocket('udp4')];
  await Promise.all([once(one.bind(0, host), 'listening'), once(other.bind(0, host), 'listening')]);
  one.send('datagram', other.address().port, host);
  equal(String((await once(other, 'message'))[0]), 'datagram');
  one.close();
  other.close();
}
