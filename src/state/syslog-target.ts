import { isHost } from './setting-value.ts';

/** Where log messages are sent to, and how. */
export interface SyslogTarget {
  readonly protocol: 'udp' | 'tcp' | 'tls';
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** The schemes that a target can begin with. `ssl` is what ESXi calls TLS, on the port that it has by default there. */
const schemes: Readonly<Record<string, Pick<SyslogTarget, 'protocol' | 'port'>>> = {
  // RFC 5426 section 3.3, RFC 6587 section 3.1, RFC 5425 section 4.1.
  udp: { protocol: 'udp', port: 514 },
  tcp: { protocol: 'tcp', port: 514 },
  tls: { protocol: 'tls', port: 6514 },
  ssl: { protocol: 'tls', port: 1514 },
};

/** What a target looks like, for messages. */
export const targetForm = 'HOST, HOST:PORT or udp://, tcp://, tls:// or ssl://HOST[:PORT]';

/** Reads `[SCHEME://]HOST[:PORT]`, an IPv6 address in brackets; undefined for anything else. */
export function parseSyslogTarget(text: string): SyslogTarget | undefined {
  const [, scheme = 'udp', bracketed, name, digits] =
    /^(?:([a-z]{3}):\/\/)?(?:\[([^\]]+)\]|([^:[\]/]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const row = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined;
  const host = bracketed ?? name;
  if (!row || !isHost(host) || (bracketed !== undefined && !bracketed.includes(':'))) {
    return undefined;
  }
  const port = digits === undefined ? row.port : Number(digits);
  return port >= 1 && port <= 65_535 ? { protocol: row.protocol, host, port } : undefined;
}
