/**
 * chronyd's answer to `chronyc tracking`, by its protocol for commands, version 6 (candm.h of chrony 4): datagrams with a header of 20
 * bytes in a request and 28 in a reply, numbers in network order. A request is as long as its reply, so that nobody is flooded by us.
 */
export interface Tracking {
  /** Address of the server that is followed; null where there is none. */
  readonly source: string | null;
  readonly stratum: number;
  /** False until a server was chosen. */
  readonly synchronised: boolean;
  /** Seconds by which the clock is fast (positive) or slow against the servers. */
  readonly offset: number;
  /** Parts in a million by which the clock would be fast (positive) or slow by itself. */
  readonly drift: number;
  /** Seconds of the way to the reference clock and back, and how wrong the time may be at most beside that. */
  readonly rootDelay: number;
  readonly rootDispersion: number;
}

const version = 6;
const type = { request: 1, reply: 2 };
/** REQ_TRACKING, RPY_TRACKING, STT_SUCCESS. */
const tracking = { request: 33, reply: 5, success: 0 };
const replyHeader = 28;
/** Bytes of the reply, up to its end mark. */
const length = replyHeader + 76;
/** The leap status of a clock that follows nobody. */
const unsynchronised = 3;

export function encodeTrackingRequest(sequence: number): Buffer {
  const request = Buffer.alloc(length);
  request.writeUInt8(version, 0);
  request.writeUInt8(type.request, 1);
  request.writeUInt16BE(tracking.request, 4);
  request.writeUInt32BE(sequence, 8);
  return request;
}

/** Throws an Error, one sentence, for what is no answer to the request of that number. */
export function decodeTracking(reply: Buffer, sequence: number): Tracking {
  const expect = (what: string, wanted: number, found: number): void => {
    if (wanted !== found) throw new Error(`chronyd: expected ${what} ${wanted}, found ${found}`);
  };
  if (reply.length < length) {
    throw new Error(`chronyd: expected ${length} bytes, found ${reply.length}`);
  }
  expect('version', version, reply.readUInt8(0));
  expect('packet type', type.reply, reply.readUInt8(1));
  expect('status', tracking.success, reply.readUInt16BE(8));
  expect('reply', tracking.reply, reply.readUInt16BE(6));
  expect('sequence', sequence, reply.readUInt32BE(16));
  const data = reply.subarray(replyHeader);
  return {
    source: addressOf(data.subarray(4, 24)),
    stratum: data.readUInt16BE(24),
    synchronised: data.readUInt16BE(26) !== unsynchronised,
    // What is still to be corrected: the clock is fast where it is negative.
    offset: -floatOf(data.readUInt32BE(40)) + 0,
    drift: floatOf(data.readUInt32BE(52)),
    rootDelay: floatOf(data.readUInt32BE(64)),
    rootDispersion: floatOf(data.readUInt32BE(68)),
  };
}

/** IPAddr: 16 bytes of an address, and its family: 1 IPv4, 2 IPv6, 0 none. */
function addressOf(bytes: Buffer): string | null {
  switch (bytes.readUInt16BE(16)) {
    case 1:
      return [...bytes.subarray(0, 4)].join('.');
    case 2:
      return Array.from({ length: 8 }, (_, index) =>
        bytes.readUInt16BE(2 * index).toString(16),
      ).join(':');
    default:
      return null;
  }
}

/** chrony's Float: an exponent of 7 bits and a coefficient of 25, both signed (util.c, UTI_FloatNetworkToHost). */
function floatOf(value: number): number {
  const exponent = (value | 0) >> 25;
  const coefficient = (value << 7) >> 7;
  return coefficient * 2 ** (exponent - 25);
}
