import type { X509Certificate } from 'node:crypto';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { SyslogTarget } from '../../../state/syslog-target.ts';
import type { Link, LinkEvents } from './remote-target.ts';

/** Whom TLS trusts. */
export interface Trust {
  /** Certificates of authorities, PEM; those that Node has where there is none. */
  readonly ca?: string;
  /** SHA-256 of certificates of receivers that are trusted by themselves, lower-case hex. */
  readonly thumbprints: readonly string[];
}

/** Octets that wait to be sent as datagrams. */
const mostWaiting = 256 << 10;
/** A name is looked up again after so long: there is no connection that would end when it moves. */
const lookupMs = 300_000;
const keepAliveMs = 30_000;

/*
 * TLS, cryptography, datagrams and names are loaded by the first link that needs them: a host without receivers would wait for them at
 * each boot, and keep them in memory (docs/compression.md).
 */

/** Begins to connect to a receiver. Never throws; what goes wrong is told to `onClosed`. */
export function openLink(target: SyslogTarget, trust: Trust, events: LinkEvents): Link {
  switch (target.protocol) {
    case 'udp':
      return udpLink(target, events);
    case 'tcp':
      return streamLink(connectTcp(target), 'connect', events);
    case 'tls':
      return tlsLink(target, trust, events);
  }
}

/** A datagram each (RFC 5426). */
function udpLink({ host, port }: SyslogTarget, events: LinkEvents): Link {
  let closed = false;
  let close = (): void => {};
  let send = (_message: Buffer): boolean => false;
  const end = (why?: string): void => {
    if (closed) return;
    closed = true;
    close();
    if (why !== undefined) events.onClosed(why);
  };
  const open = async (): Promise<void> => {
    const [{ createSocket }, { lookup }] = await Promise.all([
      import('node:dgram'),
      import('node:dns/promises'),
    ]);
    const { address, family } = await lookup(host);
    if (closed) return;
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    const again = setInterval(() => {
      // A name server that is away is no reason to stop sending to where it was.
      const moved = (now: { address: string }): void => {
        if (now.address !== address) end(`its address is ${now.address} now`);
      };
      if (isIP(host) === 0) lookup(host).then(moved, () => {});
    }, lookupMs);
    close = () => {
      clearInterval(again);
      socket.close();
    };
    let waits = false;
    send = (message) => {
      socket.send(message, (error) => {
        if (error) return end(error.message);
        if (waits && socket.getSendQueueSize() === 0) {
          waits = false;
          events.onDrain();
        }
      });
      waits = socket.getSendQueueSize() > mostWaiting;
      return !waits;
    };
    // Where nobody listens, the answer (ICMP) comes with one of the next messages.
    socket.on('error', ({ message }) => end(message));
    socket.connect(port, address, () => {
      if (!closed) events.onOpen();
    });
  };
  open().catch(({ message }: Error) => end(message));
  return { send: (message) => send(message), close: () => end() };
}

/** Messages one after another, each after its length (RFC 6587 section 3.4.1, RFC 5425 section 4.3). */
function streamLink(
  socket: Socket,
  opened: 'connect' | 'checked',
  { onOpen, onDrain, onClosed }: LinkEvents,
): Link {
  let closed = false;
  const end = (why?: string): void => {
    if (closed) return;
    closed = true;
    socket.destroy();
    if (why !== undefined) onClosed(why);
  };
  socket.setKeepAlive(true, keepAliveMs);
  socket.on(opened, onOpen);
  socket.on('drain', onDrain);
  socket.on('error', ({ message }) => end(message));
  // Receivers say nothing; what one says is thrown away, so that its end is seen.
  socket.resume();
  socket.on('end', () => end('it has closed the connection'));
  socket.on('close', () => end('the connection was closed'));
  return {
    send: (message) => socket.write(Buffer.concat([Buffer.from(`${message.length} `), message])),
    close: () => end(),
  };
}

function tlsLink(target: SyslogTarget, trust: Trust, events: LinkEvents): Link {
  let closed = false;
  let link: Link | undefined;
  const open = async (): Promise<void> => {
    const tls = await import('node:tls');
    const crypto = await import('node:crypto');
    if (!closed) link = connectedLink(target, trust, events, { ...tls, ...crypto });
  };
  open().catch(({ message }: Error) => {
    if (!closed) events.onClosed(message);
  });
  return {
    // Asked for only once it is open.
    send: (message) => link?.send(message) ?? false,
    close: () => {
      closed = true;
      link?.close();
    },
  };
}

type Tls = Pick<typeof import('node:tls'), 'connect'> &
  Pick<typeof import('node:crypto'), 'X509Certificate'>;

function connectedLink(
  { host, port }: SyslogTarget,
  trust: Trust,
  events: LinkEvents,
  { connect, X509Certificate }: Tls,
): Link {
  const socket = connect({
    host,
    port,
    minVersion: 'TLSv1.2',
    ...(isIP(host) === 0 && { servername: host }),
    ...(trust.ca !== undefined && { ca: trust.ca }),
    // It is looked at below, before a message is sent.
    rejectUnauthorized: false,
  });
  socket.once('secureConnect', () => {
    const { raw } = socket.getPeerCertificate();
    const wrong = untrusted(socket, trust, raw && new X509Certificate(raw));
    if (wrong === undefined) socket.emit('checked');
    else socket.destroy(new Error(wrong));
  });
  return streamLink(socket, 'checked', events);
}

/** Why a receiver is not who it should be; undefined where it is. */
function untrusted(
  socket: TLSSocket,
  { thumbprints }: Trust,
  certificate: X509Certificate | undefined,
): string | undefined {
  const thumbprint = certificate && thumbprintOf(certificate);
  if (thumbprint !== undefined && thumbprints.includes(thumbprint)) return undefined;
  if (socket.authorized) return undefined;
  const found = thumbprint === undefined ? 'none' : `one with the thumbprint ${thumbprint}`;
  return `expected a certificate that is trusted, found ${found} (${socket.authorizationError})`;
}

/** SHA-256 of a certificate, lower-case hex. */
export function thumbprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}
