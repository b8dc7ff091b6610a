import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { bundle } from '../../../../../src/builder/modules/bundle.ts';
import {
  openLink,
  type Trust,
  thumbprintOf,
} from '../../../../../src/runtime/agents/syslog/links.ts';
import type { Link } from '../../../../../src/runtime/agents/syslog/remote-target.ts';
import type { SyslogTarget } from '../../../../../src/state/syslog-target.ts';
import { loopback } from '../../../update/source/loopback-certificate.ts';

const host = '127.0.0.1';
const thumbprint = thumbprintOf(new X509Certificate(loopback.cert));
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** What becomes of a link: the events in their order. */
function link(target: SyslogTarget, trust: Trust = { thumbprints: [] }) {
  const events: string[] = [];
  let heard = (): void => {};
  const hear = (event: string) => {
    events.push(event);
    heard();
  };
  const opened: Link = openLink(target, trust, {
    onOpen: () => hear('open'),
    onDrain: () => hear('drain'),
    onClosed: (why) => hear(why),
  });
  ends.push(() => opened.close());
  /** Resolves when there are so many. */
  const until = async (count: number): Promise<string[]> => {
    while (events.length < count) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
    return events;
  };
  return { opened, events, until };
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, host), 'listening');
  return (server.address() as AddressInfo).port;
}

it('P5: loads TLS, cryptography, datagrams and names by a link alone, not at the start of the log', async () => {
  const { data } = await bundle('src/runtime/agents/syslog/main.ts', { target: 'node22' });
  const text = Buffer.from(data).toString();
  const all = [...text.matchAll(/(from|import\()"(node:[a-z/]+)"/g)];
  const of = (how: string) => new Set(all.flatMap(([, by, name]) => (by === how ? [name] : [])));
  const late = ['node:crypto', 'node:dgram', 'node:dns/promises', 'node:tls'];
  expect(late.filter((name) => of('from').has(name))).toEqual([]);
  expect([...of('import(')].sort()).toEqual(late);
});

describe('P5: a link by TCP', () => {
  it('sends each message after its length', async () => {
    const server = createServer();
    const port = await listen(server);
    const accepted = once(server, 'connection');
    const { opened, until } = link({ protocol: 'tcp', host, port });
    await until(1);
    expect(opened.send(Buffer.from('<13>1 ü'))).toBe(true);
    opened.send(Buffer.from('<13>1 b'));
    const [socket] = (await accepted) as [Socket];
    let text = '';
    while (text.length < '8 <13>1 ü7 <13>1 b'.length) {
      text += String((await once(socket, 'data'))[0]);
    }
    expect(text).toBe('8 <13>1 ü7 <13>1 b');
  });

  it('takes no more where nobody reads, and says when it does again', async () => {
    const server = createServer({ pauseOnConnect: true });
    const port = await listen(server);
    const accepted = once(server, 'connection');
    const { opened, until } = link({ protocol: 'tcp', host, port });
    await until(1);
    const message = Buffer.alloc(8192, 'x');
    let sent = 0;
    while (opened.send(message)) expect(sent++).toBeLessThan(10_000);
    const [socket] = (await accepted) as [Socket];
    socket.resume();
    expect((await until(2))[1]).toBe('drain');
  });

  it('says once that it was closed, refused, or is not known', async () => {
    const server = createServer((socket) => socket.end());
    const port = await listen(server);
    const closed = link({ protocol: 'tcp', host, port });
    expect(await closed.until(2)).toEqual(['open', 'it has closed the connection']);
    server.close();
    await once(server, 'close');
    const refused = link({ protocol: 'tcp', host, port });
    expect(await refused.until(1)).toEqual([`connect ECONNREFUSED ${host}:${port}`]);
    const unknown = link({ protocol: 'tcp', host: 'nowhere.invalid', port });
    expect((await unknown.until(1))[0]).toMatch(/^getaddrinfo /);
  });
});

describe('P5: a link by TLS', () => {
  const listenTls = () => listen(createTlsServer(loopback, (socket) => socket.resume()));

  it.each<[string, Trust]>([
    ['an authority of the settings', { ca: loopback.cert, thumbprints: [] }],
    ['a thumbprint of the settings', { thumbprints: ['00', thumbprint] }],
  ])('trusts %s', async (_, trust) => {
    const port = await listenTls();
    const { until } = link({ protocol: 'tls', host, port }, trust);
    expect(await until(1)).toEqual(['open']);
  });

  it('sends nothing to anybody else, and names the certificate', async () => {
    const port = await listenTls();
    const { until } = link({ protocol: 'tls', host, port }, { thumbprints: ['00'] });
    expect(await until(1)).toEqual([
      `expected a certificate that is trusted, found one with the thumbprint ${thumbprint} (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    ]);
  });

  it('holds the certificate against the name', async () => {
    const port = await listenTls();
    const { until } = link(
      { protocol: 'tls', host: 'localhost', port },
      {
        ca: loopback.cert,
        thumbprints: [],
      },
    );
    expect((await until(1))[0]).toContain('(ERR_TLS_CERT_ALTNAME_INVALID)');
  });
});

describe('P5: a link by UDP', () => {
  it('sends a datagram each, and hears where nobody listens', async () => {
    const receiver = createSocket('udp4');
    receiver.bind(0, host);
    await once(receiver, 'listening');
    const { port } = receiver.address();
    const { opened, until } = link({ protocol: 'udp', host, port });
    await until(1);
    const first = once(receiver, 'message');
    opened.send(Buffer.from('<13>1 a'));
    expect(String((await first)[0])).toBe('<13>1 a');
    receiver.close();
    await once(receiver, 'close');
    // The answer to the one comes with the other.
    opened.send(Buffer.from('<13>1 b'));
    await new Promise(setImmediate);
    opened.send(Buffer.from('<13>1 c'));
    expect((await until(2))[1]).toMatch(/ECONNREFUSED/);
  });

  it('says that a name is not known', async () => {
    const { until } = link({ protocol: 'udp', host: 'nowhere.invalid', port: 514 });
    expect((await until(1))[0]).toMatch(/^getaddrinfo /);
  });
});
