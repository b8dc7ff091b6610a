import { describe, expect, it } from 'vitest';
import {
  addressBytes,
  isHostAddress,
  isHostAddress6,
  isNetwork,
  sameNet,
} from '../../../src/state/ip-address.ts';

describe('addresses', () => {
  it.each<[string, number[] | undefined]>([
    ['10.1.2.255', [10, 1, 2, 255]],
    ['2001:db8::1', [0x20, 1, 0x0d, 0xb8, ...Array(11).fill(0), 1]],
    ['::', Array(16).fill(0)],
    ['::ffff:10.0.0.1', [...Array(10).fill(0), 255, 255, 10, 0, 0, 1]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['fe80::1%vmk0', undefined],
    ['10.1.2', undefined],
    ['', undefined],
  ])('have the bytes of %s', (address, bytes) => {
    expect(addressBytes(address)).toEqual(bytes);
  });

  it('of hosts are neither unspecified, loopback, multicast nor reserved', () => {
    for (const one of ['1.0.0.1', '10.0.0.1', '223.1.1.1']) expect(isHostAddress(one)).toBe(true);
    for (const one of ['0.0.0.1', '127.0.0.1', '224.0.0.1', '255.255.255.255', '::1', 7]) {
      expect(isHostAddress(one)).toBe(false);
    }
    for (const one of ['2001:db8::1', 'fe80::1', '::2']) expect(isHostAddress6(one)).toBe(true);
    for (const one of ['::', '::1', 'ff02::1', '10.0.0.1', 'x', null]) {
      expect(isHostAddress6(one)).toBe(false);
    }
  });

  it('are of one network by the bits of its prefix', () => {
    expect(sameNet('10.1.2.3', '10.1.3.1', 23)).toBe(true);
    expect(sameNet('10.1.2.3', '10.1.3.1', 24)).toBe(false);
    expect(sameNet('2001:db8::1', '2001:db8:0:1::1', 63)).toBe(true);
    expect(sameNet('2001:db8::1', '2001:db8:0:1::1', 64)).toBe(false);
    expect(sameNet('10.0.0.1', '::1', 0)).toBe(false);
  });

  it('of networks have no bits beyond their prefix', () => {
    for (const one of ['10.0.0.0/8', '10.128.0.0/9', '0.0.0.0/0', '2001:db8::/32', '::/0']) {
      expect(isNetwork(one)).toBe(true);
    }
    for (const one of [
      '10.0.0.1/8',
      '10.128.0.0/8',
      '10.0.0.0/33',
      '10.0.0.0',
      '2001:db8::/16',
      'x/8',
    ]) {
      expect(isNetwork(one)).toBe(false);
    }
  });
});
