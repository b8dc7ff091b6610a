import { describe, expect, it } from 'vitest';
import type { HeldAddress } from '../../../../../src/runtime/vmkernel/network/held-address.ts';
import {
  planAddresses,
  wantedAddresses,
} from '../../../../../src/runtime/vmkernel/network/plan-addresses.ts';
import {
  nameServers,
  resolvConf,
} from '../../../../../src/runtime/vmkernel/network/resolv-conf.ts';
import { parseFullNetwork } from '../../../../../src/state/full-network.ts';

const lease = (address: string, more: Partial<HeldAddress> = {}): HeldAddress => ({
  ...{ from: 'dhcp', address, prefix: 24, router: '', dns: [], search: [], timeServers: [] },
  ...more,
});
const settings = parseFullNetwork({
  vSwitches: [{ name: 'a' }],
  portGroups: [1, 2].map((vlan) => ({ name: `${vlan}`, vSwitch: 'a', vlan })),
  interfaces: [
    { name: 'vmk0', portGroup: '1' },
    {
      name: 'vmk1',
      portGroup: '2',
      ipv6: { mode: 'static', addresses: [{ address: '2001:db8::5', prefix: 64 }] },
    },
  ],
});
const nothing = { addresses: new Map(), routes: [] };

describe('addresses and routes', () => {
  const two = new Map([
    ['vmk0', lease('10.0.1.5', { router: '10.0.1.1', dns: ['10.0.1.2'], search: ['one.example'] })],
    ['vmk1', lease('10.0.2.5', { router: '10.0.2.1', dns: ['10.0.2.2', '10.0.1.2'] })],
  ]);

  it('of two interfaces with DHCP stand beside each other, the first one preferred', () => {
    expect(planAddresses(nothing, wantedAddresses(settings, two))).toEqual([
      'address add 10.0.1.5/24 brd + dev vmk0',
      'address add 10.0.2.5/24 brd + dev vmk1',
      'address add 2001:db8::5/64 dev vmk1',
      'route replace default via 10.0.1.1 dev vmk0 metric 100 proto dhcp onlink',
      'route replace default via 10.0.2.1 dev vmk1 metric 101 proto dhcp onlink',
    ]);
  });

  it('name the servers of both, each once; or those of the settings alone', () => {
    const { interfaces } = settings;
    const learnt = nameServers({ interfaces, dns: { servers: [], search: [] } }, two);
    expect(resolvConf(learnt)).toBe(
      'search one.example\nnameserver 10.0.1.2\nnameserver 10.0.2.2\n',
    );
    const dns = { servers: ['::1'], search: ['lab.example'] };
    expect(resolvConf(nameServers({ interfaces, dns }, two))).toBe(
      'search lab.example\nnameserver ::1\n',
    );
  });

  it('change by what differs: a lease that moves takes its own route along, and the other is set again', () => {
    const before = wantedAddresses(settings, two);
    expect(planAddresses(before, before)).toEqual([]);
    const moved = new Map([...two, ['vmk0', lease('10.0.1.9')]]);
    expect(planAddresses(before, wantedAddresses(settings, moved))).toEqual([
      'route del default via 10.0.1.1 dev vmk0 metric 100 proto dhcp onlink',
      'address del 10.0.1.5/24 dev vmk0',
      'address add 10.0.1.9/24 brd + dev vmk0',
      'route replace default via 10.0.2.1 dev vmk1 metric 101 proto dhcp onlink',
    ]);
  });

  it('of the settings come before those of servers', () => {
    const routes = [{ network: '10.9.0.0/16', router: '10.0.1.9' }];
    const gateway = { ipv4: '10.0.1.254', ipv6: 'fe80::1%vmk0' };
    const wanted = wantedAddresses({ ...settings, gateway, routes }, new Map());
    expect(wanted.routes).toEqual([
      'default via 10.0.1.254 proto static',
      '::/0 via fe80::1 dev vmk0 proto static',
      '10.9.0.0/16 via 10.0.1.9 proto static',
    ]);
  });

  it('that are link-local go no further than the link', () => {
    const own = new Map([['vmk0', lease('169.254.7.9', { from: 'link-local', prefix: 16 })]]);
    expect(planAddresses(nothing, wantedAddresses(settings, own))[0]).toBe(
      'address add 169.254.7.9/16 brd + dev vmk0 scope link',
    );
  });
});
