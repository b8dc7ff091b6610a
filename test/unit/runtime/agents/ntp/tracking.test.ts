import { expect, test } from 'vitest';
import {
  decodeTracking,
  encodeTrackingRequest,
} from '../../../../../src/runtime/agents/ntp/tracking.ts';

/** An answer of chronyd 4.3 (`candm.h`), put together by hand: 127.0.0.2 at stratum 4, 2.5 ms slow, drift -12.5 ppm. */
function reply(changes: (bytes: Buffer) => void = () => {}): Buffer {
  const bytes = Buffer.alloc(104);
  bytes.set([6, 2, 0, 0, 0, 33, 0, 5]);
  bytes.writeUInt32BE(0xabcd, 16);
  bytes.set([127, 0, 0, 2], 28 + 4);
  bytes.writeUInt16BE(1, 28 + 20);
  bytes.writeUInt16BE(4, 28 + 24);
  // 0.0025 = 0x51eb85 * 2^-31: exponent -6. -12.5 = -0xc80000 * 2^-20: exponent 5. 0.5 = 2^23 * 2^-24: exponent 1.
  bytes.writeUInt32BE((((-6 & 0x7f) << 25) | 0x51eb85) >>> 0, 28 + 40);
  bytes.writeUInt32BE(((5 << 25) | (-0xc80000 & 0x1ffffff)) >>> 0, 28 + 52);
  bytes.writeUInt32BE(((1 << 25) | 0x800000) >>> 0, 28 + 64);
  changes(bytes);
  return bytes;
}

test('P7: asks by a request that is as long as its reply', () => {
  const request = encodeTrackingRequest(0xabcd);
  expect(request.subarray(0, 20).toString('hex')).toBe(`06010000002100000000abcd${'00'.repeat(8)}`);
  expect(request.length).toBe(reply().length);
});

test('P7: reads whom chronyd follows, and how the clock is doing', () => {
  const { offset, ...found } = decodeTracking(reply(), 0xabcd);
  expect(offset).toBeCloseTo(-0.0025, 8);
  expect(found).toEqual({
    ...{ source: '127.0.0.2', stratum: 4, synchronised: true },
    ...{ drift: -12.5, rootDelay: 0.5, rootDispersion: 0 },
  });
  const alone = decodeTracking(
    reply((bytes) => {
      bytes.writeUInt16BE(0, 28 + 20);
      bytes.writeUInt16BE(3, 28 + 26);
    }),
    0xabcd,
  );
  expect(alone).toMatchObject({ source: null, synchronised: false });
});

test('P7: reads an address of IPv6', () => {
  const found = decodeTracking(
    reply((bytes) => {
      bytes.set([0x20, 0x01, 0x0d, 0xb8], 28 + 4);
      bytes.writeUInt16BE(2, 28 + 20);
    }),
    0xabcd,
  );
  expect(found.source).toBe('2001:db8:0:0:0:0:0:0');
});

test.each<[string, Buffer, string]>([
  ['short', reply().subarray(0, 103), 'chronyd: expected 104 bytes, found 103'],
  [
    'of another version',
    reply((bytes) => bytes.writeUInt8(5, 0)),
    'chronyd: expected version 6, found 5',
  ],
  ['a refusal', reply((bytes) => bytes.writeUInt16BE(2, 8)), 'chronyd: expected status 0, found 2'],
  [
    'to somebody else',
    reply((bytes) => bytes.writeUInt8(9, 19)),
    'chronyd: expected sequence 43981, found 43785',
  ],
])('P7: takes nothing that is %s', (_, bytes, message) => {
  expect(() => decodeTracking(bytes, 0xabcd)).toThrow(message);
});
