import { isIPv4, isIPv6 } from 'node:net';

/** The bytes of an address, 4 or 16 of them; undefined of anything else. Zones (`%vmk0`) are no part of an address. */
export function addressBytes(address: string): number[] | undefined {
  if (isIPv4(address)) return address.split('.').map(Number);
  if (!isIPv6(address) || address.includes('%')) return undefined;
  // RFC 4291, section 2.2: the last two groups may be written as an IPv4 address, and one run of zeros as `::`.
  const [head = [], tail] = address.split('::').map(groupsOf);
  if (tail === undefined) return head;
  const zeros = Array.from({ length: 16 - head.length - tail.length }, () => 0);
  return [...head, ...zeros, ...tail];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

/** An IPv4 address that a host can have: neither "this network", nor loopback, multicast or reserved (RFC 6890). */
export function isHostAddress(value: unknown): value is string {
  if (typeof value !== 'string' || !isIPv4(value)) return false;
  const first = Number(value.split('.')[0]);
  return first >= 1 && first <= 223 && first !== 127;
}

/** An IPv6 address that a host can have: neither unspecified, loopback nor multicast (RFC 4291, section 2.4). */
export function isHostAddress6(value: unknown): value is string {
  const bytes = typeof value === 'string' && isIPv6(value) ? addressBytes(value) : undefined;
  if (bytes === undefined || bytes[0] === 255) return false;
  return bytes.slice(0, 15).some((byte) => byte !== 0) || (bytes[15] ?? 0) > 1;
}

/** Whether two addresses of one family are in the same network of `prefix` bits. */
export function sameNet(one: string, other: string, prefix: number): boolean {
  const [a, b] = [addressBytes(one), addressBytes(other)];
  if (!a || !b || a.length !== b.length) return false;
  return a.every((byte, index) => {
    const mask = maskOf(prefix, index);
    return (byte & mask) === ((b[index] ?? 0) & mask);
  });
}

/** A network as `10.0.0.0/8` or `2001:db8::/32`, without bits beyond its prefix. */
export function isNetwork(value: unknown): value is string {
  const [, address = '', bits = ''] =
    (typeof value === 'string' && /^([^/%]+)\/(\d{1,3})$/.exec(value)) || [];
  const bytes = addressBytes(address);
  const prefix = Number(bits);
  if (bytes === undefined || bits === '' || prefix > bytes.length * 8) return false;
  return bytes.every((byte, index) => (byte & ~maskOf(prefix, index)) === 0);
}

function maskOf(prefix: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefix - index * 8));
  return 256 - 2 ** (8 - bits);
}
