import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  addresses6,
  certifiedAddresses,
  parseAddresses6,
} from '../../../../../src/runtime/vmkernel/network/host-addresses.ts';
import { fullNetwork } from '../../../../../src/state/network-settings.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

/** As the kernel writes it (`/proc/net/if_inet6`), with an address that is still being asked for, and one that another host has. */
const table = `00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000505400fffe123456 05 40 20 80     vmk0
fec0000000000000505400fffe123456 05 40 40 00     vmk0
20010db8000000000000000000000005 06 40 00 80     vmk1
20010db8000000000000000000000006 06 40 00 c0     vmk1
20010db8000000000000000000000007 06 40 00 88     vmk1
20010db8000000000000000000000008 03 40 00 80 vSwitch0
`;

it('reads the IPv6 addresses by which others reach the host', () => {
  const expected = [
    { interface: 'vmk0', address: 'fec0::5054:ff:fe12:3456', prefix: 64 },
    { interface: 'vmk1', address: '2001:db8::5', prefix: 64 },
  ];
  expect(parseAddresses6(table)).toEqual(expected);
  const folder = temporaryFiles({ if_inet6: table });
  expect(addresses6(join(folder, 'if_inet6'))).toEqual(expected);
  // A kernel without IPv6 has no such file.
  expect(addresses6(join(folder, 'none'))).toEqual([]);
});

it('certifies the addresses of IPv4, and of a host that wants none those of IPv6', () => {
  const ipv6 = parseAddresses6(table);
  const dual = fullNetwork();
  const ipv6Only = {
    interfaces: dual.interfaces.map((one) => ({ ...one, ipv4: { mode: 'none' } as const })),
  };
  const lease = { interface: 'vmk0', address: '10.0.2.15', prefix: 24 };
  expect(certifiedAddresses([lease, ...ipv6], dual)).toEqual(['10.0.2.15']);
  // Between two leases: what is certified is not to change with each of them.
  expect(certifiedAddresses(ipv6, dual)).toEqual([]);
  expect(certifiedAddresses(ipv6, ipv6Only)).toEqual(['fec0::5054:ff:fe12:3456', '2001:db8::5']);
});
