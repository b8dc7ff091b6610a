import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { forwardPort } from '../qemu/qemu-devices.ts';

/** A port of this machine's loopback at which one of the host's is reached. */
export interface Forward {
  readonly protocol: 'tcp' | 'udp';
  /** 0: a free one, which the kernel picks. */
  readonly host: number;
  readonly guest: number;
}

/** Ports of a host that everybody asks for, and how they are called: the API, static page, consoles, CIM-XML, SLP. */
const usualPorts: Readonly<Record<number, string>> = {
  443: 'https',
  80: 'http',
  902: 'tcp',
  5989: 'https',
  427: 'tcp',
};
const usual = [443, 80, 902, 5989, 427];

/**
 * The forwards of a command line beside the usual ones, each of which may be fixed by one. Throws `usage.forward` for what is none,
 * and for a port that would be forwarded twice.
 */
export function parseForwards(texts: readonly string[]): Forward[] {
  const given = texts.map(parseForward);
  for (const [at, one] of given.entries()) {
    const before = given.slice(0, at).find((other) => isSame(one, other));
    if (!before) continue;
    const port = one.host === 0 ? `${one.protocol} port ${one.guest}` : `port ${one.host}`;
    throw usage(
      texts[at] ?? '',
      `a ${port} that is forwarded once`,
      `it in ${texts[given.indexOf(before)]}, too`,
    );
  }
  const picked = usual
    .filter((guest) => !given.some((one) => one.protocol === 'tcp' && one.guest === guest))
    .map((guest): Forward => ({ protocol: 'tcp', host: 0, guest }));
  return [...picked, ...given].sort((one, other) => placeOf(one) - placeOf(other));
}

/** In the order of the usual ones, and others after them. */
function placeOf({ guest }: Forward): number {
  const place = usual.indexOf(guest);
  return place === -1 ? usual.length : place;
}

function isSame(one: Forward, other: Forward): boolean {
  if (one.protocol !== other.protocol || one.host !== other.host) return false;
  return one.host !== 0 || one.guest === other.guest;
}

function parseForward(text: string): Forward {
  const [, protocol = 'tcp', host, guest] =
    /^(?:(tcp|udp):)?([0-9]{1,5}):([0-9]{1,5})$/.exec(text) ?? [];
  const expected = '[udp:]HOSTPORT:PORT, ports from 1 to 65535 (HOSTPORT 0: a free one)';
  const ports = [Number(host), Number(guest)];
  const fit = ports.every((port) => port <= 65_535) && Number(guest) > 0;
  if (!fit) throw usage(text, expected, JSON.stringify(text));
  return { protocol: protocol as Forward['protocol'], host: Number(host), guest: Number(guest) };
}

/** Throws `usage.forward` for a fixed port that cannot be had: before a machine is started, when the reason can still be told. */
export async function assertForwardable(forwards: readonly Forward[]): Promise<void> {
  for (const { protocol, host, guest } of forwards) {
    if (host === 0) continue;
    const { code } = (await tryPort(protocol, host)) ?? {};
    if (code === undefined) continue;
    const text = `${protocol === 'udp' ? 'udp:' : ''}${host}:${guest}`;
    const why =
      code === 'EADDRINUSE'
        ? 'another program listening there'
        : code === 'EACCES'
          ? 'that only root may listen there'
          : code;
    throw usage(text, `${protocol} port ${host} of 127.0.0.1 to be free`, why);
  }
}

async function tryPort(
  protocol: Forward['protocol'],
  port: number,
): Promise<NodeJS.ErrnoException | undefined> {
  const server = protocol === 'tcp' ? createServer() : createSocket('udp4');
  const bound = once(server, 'listening');
  try {
    if ('bind' in server) server.bind(port, '127.0.0.1');
    else server.listen(port, '127.0.0.1');
    await bound;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  const closed = once(server, 'close');
  server.close();
  await closed;
  return undefined;
}

/** Opens forwards of a machine that runs; returns them with their ports. Throws `harness.forward`. */
export async function openForwards(
  qmp: RpcClient,
  forwards: readonly Forward[],
): Promise<Forward[]> {
  const open = new Map<Forward, Forward>();
  // Those that are picked first: QEMU's list, in which they are looked up, has no other ones to the same port then.
  for (const one of [...forwards].sort((a, b) => Math.sign(a.host) - Math.sign(b.host))) {
    const host = await forwardPort(qmp, one.guest, one.protocol, one.host);
    open.set(one, { ...one, host });
  }
  return forwards.map((one) => open.get(one) ?? one);
}

/** `https://127.0.0.1:18443/`. */
export function forwardUrl({ protocol, host, guest }: Forward): string {
  const scheme = protocol === 'udp' ? 'udp' : (usualPorts[guest] ?? 'tcp');
  return `${scheme}://127.0.0.1:${host}${scheme.startsWith('http') ? '/' : ''}`;
}

function usage(text: string, expected: string, found: string): TwinbankError {
  const message = `--forward ${text}: expected ${expected}, found ${found}`;
  return new TwinbankError('usage', 'usage.forward', message);
}
