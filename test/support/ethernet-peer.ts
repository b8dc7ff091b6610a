import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Who is at the other end of a machine's cable. */
export interface PeerOptions {
  /** Of the peer itself: router, DHCP server and time server in one. */
  readonly address: string;
  /** What its DHCP gives, with a prefix of 24. */
  readonly offers: string;
  readonly dns: string;
  /** Option 42 of DHCP. */
  readonly timeServers: readonly string[];
  /** UDP port of this machine's loopback that answers NTP. */
  readonly ntpPort: number;
}

export interface EthernetPeer {
  /** For `-netdev`, behind `socket,id=NAME,`. */
  readonly connect: string;
  stop(): Promise<void>;
}

const mac = Buffer.from('525500000302', 'hex');
const broadcast = Buffer.alloc(6, 0xff);
const ports = { dhcpServer: 67, dhcpClient: 68, ntp: 123 };

/**
 * A host on a network of QEMU's (`-netdev socket`: frames over TCP, each behind its length in four bytes). QEMU's own network names no
 * time server and has none: this one does, at the port that NTP has, which nobody but root may open on a machine.
 */
export async function ethernetPeer(options: PeerOptions): Promise<EthernetPeer> {
  const own = bytesOf(options.address);
  const server = createServer((machine) => serve(machine));
  const relays = new Set<Datagrams>();

  function serve(machine: Socket): void {
    const send = (frame: Buffer): void => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(frame.length);
      machine.write(Buffer.concat([length, frame]));
    };
    let rest: Buffer = Buffer.alloc(0);
    machine.on('error', () => {});
    machine.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const end = 4 + rest.readUInt32BE(0);
        hear(rest.subarray(4, end), send);
        rest = rest.subarray(end);
      }
    });
  }

  function hear(frame: Buffer, send: (frame: Buffer) => void): void {
    const type = frame.readUInt16BE(12);
    const from = frame.subarray(6, 12);
    if (type === 0x0806) {
      const answer = arpReply(frame.subarray(14), own);
      if (answer) send(Buffer.concat([from, mac, Buffer.from('0806', 'hex'), answer]));
      return;
    }
    // UDP over IPv4, in one piece.
    if (type !== 0x0800 || frame[23] !== 17) return;
    const header = 14 + ((frame[14] ?? 0) & 15) * 4;
    const source = { address: frame.subarray(26, 30), port: frame.readUInt16BE(header) };
    const port = frame.readUInt16BE(header + 2);
    const data = frame.subarray(header + 8, header + frame.readUInt16BE(header + 4));
    if (port === ports.dhcpServer) {
      const reply = dhcpReply(data, own, options);
      if (!reply) return;
      const to = { address: Buffer.alloc(4, 0xff), port: ports.dhcpClient };
      send(udpFrame(broadcast, { address: own, port: ports.dhcpServer }, to, reply));
    } else if (port === ports.ntp && own.equals(frame.subarray(30, 34))) {
      const relay = createSocket('udp4');
      relays.add(relay);
      const [to, asker] = [Buffer.from(from), { ...source, address: Buffer.from(source.address) }];
      relay.once('message', (answer) => {
        send(udpFrame(to, { address: own, port: ports.ntp }, asker, answer));
        relay.close();
        relays.delete(relay);
      });
      relay.on('error', () => {});
      relay.send(data, options.ntpPort, '127.0.0.1');
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    connect: `connect=127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      for (const relay of relays) relay.close();
      server.close();
      await once(server, 'close');
    },
  };
}

/** RFC 826: who asks for our address has it. */
function arpReply(request: Buffer, own: Buffer): Buffer | undefined {
  if (request.readUInt16BE(6) !== 1 || !own.equals(request.subarray(24, 28))) return undefined;
  const reply = Buffer.from(request.subarray(0, 28));
  reply.writeUInt16BE(2, 6);
  mac.copy(reply, 8);
  own.copy(reply, 14);
  request.copy(reply, 18, 8, 18);
  return reply;
}

/** RFC 2131: an offer for who discovers, an acknowledgement for who requests; all options of RFC 2132 that there are. */
function dhcpReply(request: Buffer, own: Buffer, offer: PeerOptions): Buffer | undefined {
  const kind = request[request.indexOf(Buffer.from([53, 1]), 240) + 2];
  const answers: Readonly<Record<number, number>> = { 1: 2, 3: 5 };
  const answer = answers[kind ?? 0];
  if (answer === undefined) return undefined;
  const reply = Buffer.alloc(240);
  request.copy(reply, 0, 0, 240);
  reply[0] = 2;
  bytesOf(offer.offers).copy(reply, 16);
  own.copy(reply, 20);
  const option = (code: number, ...data: Buffer[]): Buffer => {
    const bytes = Buffer.concat(data);
    return Buffer.concat([Buffer.of(code, bytes.length), bytes]);
  };
  return Buffer.concat([
    reply,
    option(53, Buffer.of(answer)),
    option(54, own),
    option(51, Buffer.from('00015180', 'hex')),
    option(1, bytesOf('255.255.255.0')),
    option(3, own),
    option(6, bytesOf(offer.dns)),
    option(42, ...offer.timeServers.map(bytesOf)),
    Buffer.of(255),
  ]);
}

interface End {
  readonly address: Buffer;
  readonly port: number;
}

/** RFC 768 without a checksum, in RFC 791 with one. */
function udpFrame(to: Buffer, source: End, target: End, data: Buffer): Buffer {
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(source.port, 0);
  udp.writeUInt16BE(target.port, 2);
  udp.writeUInt16BE(8 + data.length, 4);
  const ip = Buffer.from('450000000000000040110000', 'hex');
  ip.writeUInt16BE(20 + 8 + data.length, 2);
  const header = Buffer.concat([ip, source.address, target.address]);
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  header.writeUInt16BE(~sum & 0xffff, 10);
  return Buffer.concat([to, mac, Buffer.from('0800', 'hex'), header, udp, data]);
}

function bytesOf(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}
