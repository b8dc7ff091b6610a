import { describe, expect, it } from 'vitest';
import { fullNetwork, parseNetwork } from '../../../src/state/network-settings.ts';
import { errorOf } from '../../support/error-of.ts';

const simple = fullNetwork();
const vmk0 = { name: 'vmk0', portGroup: 'Management Network' };
const lab = {
  vSwitches: [
    { name: 'vSwitch0', uplinks: ['vmnic0', 'vmnic1'], teaming: 'lacp', mtu: 9000 },
    { name: 'inside' },
  ],
  portGroups: [
    { name: 'Management Network', vSwitch: 'vSwitch0' },
    { name: 'Storage', vSwitch: 'vSwitch0', vlan: 20 },
    { name: 'Guests', vSwitch: 'inside', vlan: 4095 },
  ],
  interfaces: [
    { ...vmk0, ipv4: { mode: 'static', address: '10.1.2.3', prefix: 24 } },
    {
      name: 'vmk1',
      portGroup: 'Storage',
      ipv6: { mode: 'static', addresses: [{ address: '2001:db8::5', prefix: 64 }] },
    },
  ],
  gateway: { ipv4: '10.1.2.1', ipv6: 'fe80::1%vmk1' },
  routes: [
    { network: '10.9.0.0/16', router: '10.1.2.9' },
    { network: '2001:db8:9::/48', router: '2001:db8::9' },
  ],
  dns: { servers: ['10.1.2.1'], search: ['lab.example'] },
};

describe('the short form', () => {
  it('means a switch with one uplink, two port groups, and the address on vmk0', () => {
    expect(simple).toMatchObject({
      vSwitches: [{ name: 'vSwitch0', uplinks: ['vmnic0'] }],
      portGroups: [
        { name: 'VM Network', vlan: 0 },
        { name: 'Management Network', vlan: 0 },
      ],
      interfaces: [{ ...vmk0, ipv4: { mode: 'dhcp' }, ipv6: { mode: 'autoconf' } }],
      ...{ gateway: {}, routes: [], dns: { servers: [], search: [] } },
    });
    const fixed = { mode: 'static', address: '10.1.2.3', prefix: 24, router: '10.1.2.1' };
    const parsed = parseNetwork({ ...fixed, interface: 'eth1', dns: ['10.1.2.1'] });
    expect(fullNetwork(parsed)).toMatchObject({
      vSwitches: [{ uplinks: ['vmnic1'] }],
      interfaces: [{ ipv4: { mode: 'static', address: '10.1.2.3', prefix: 24 } }],
      ...{ gateway: { ipv4: '10.1.2.1' }, dns: { servers: ['10.1.2.1'] } },
    });
  });

  it('is kept as it was given, so that an older version reads it', () => {
    expect(parseNetwork({ mode: 'dhcp' })).toEqual({ mode: 'dhcp' });
  });

  it('has a full form that is taken as it is', () => {
    expect(parseNetwork(simple)).toEqual(simple);
  });
});

describe('the full form', () => {
  it('has defaults for what is left out', () => {
    const parsed = parseNetwork(lab);
    expect(parsed).toMatchObject({
      vSwitches: [{}, { name: 'inside', uplinks: [], teaming: 'failover', mtu: 1500 }],
      portGroups: [{ vlan: 0 }, { vlan: 20 }, {}],
      interfaces: [{ ipv6: { mode: 'autoconf' } }, { ipv4: { mode: 'dhcp' } }],
    });
    expect(parseNetwork(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
    expect(parseNetwork({ vSwitches: [], portGroups: [], interfaces: [] })).toMatchObject({
      ...{ gateway: {}, routes: [], dns: { servers: [], search: [] } },
    });
  });

  const change = (more: object) => ({ ...lab, ...more });
  const [, storage] = lab.interfaces;
  const onVmk0 = (more: object) =>
    change({ interfaces: [{ ...vmk0, ...more }], gateway: {}, routes: [] });
  it.each<[object, string]>([
    [{ vSwitches: [] }, 'network.portGroups: expected a list, found none'],
    [change({ mode: 'dhcp' }), 'network: expected no members but mode, interface'],
    [change({ bridges: [] }), 'network: expected no members but vSwitches, portGroups, interfaces'],
    [
      change({ vSwitches: [{ name: 'a' }, { name: 'a' }] }),
      'network.vSwitches[1].name: expected each one once, found "a"',
    ],
    [
      change({
        vSwitches: [
          { name: 'a', uplinks: ['vmnic0'] },
          { name: 'b', uplinks: ['vmnic0'] },
        ],
      }),
      'network.vSwitches b: expected uplinks of one switch only (a has it, too), found "vmnic0"',
    ],
    [change({ vSwitches: [{ name: 'vmk0' }] }), 'network.vSwitches[0].name: expected at most 12'],
    [change({ vSwitches: [{ name: 'a b' }] }), 'network.vSwitches[0].name: expected at most 12'],
    [
      change({ vSwitches: [{ name: 'a', uplinks: ['eth0'] }] }),
      'network.vSwitches[0].uplinks[0]: expected a name such as vmnic0, found "eth0"',
    ],
    [
      change({ vSwitches: [{ name: 'a', mtu: 1279 }] }),
      'network.vSwitches[0].mtu: expected a whole number from 1280 to 9000, found 1279',
    ],
    [
      change({ vSwitches: [{ name: 'a', teaming: 'both' }] }),
      'network.vSwitches[0].teaming: expected failover or ip-hash or lacp, found "both"',
    ],
    [
      change({ portGroups: [{ name: 'x', vSwitch: 'y' }] }),
      'network.portGroups[0].vSwitch: expected vSwitch0 or inside, found "y"',
    ],
    [
      change({ portGroups: [{ name: ' x', vSwitch: 'inside' }] }),
      'network.portGroups[0].name: expected a name',
    ],
    [
      change({ portGroups: [{ name: 'x', vSwitch: 'inside', vlan: 4096 }] }),
      'network.portGroups[0].vlan: expected a whole number from 0 to 4095, found 4096',
    ],
    [onVmk0({ portGroup: 'x' }), 'network.interfaces vmk0.portGroup: expected the name of a port'],
    [
      onVmk0({ portGroup: 'Guests' }),
      'network.interfaces vmk0.portGroup: expected a port group with',
    ],
    [onVmk0({ name: 'vmk100' }), 'network.interfaces[0].name: expected a name such as vmk0'],
    [
      onVmk0({ ipv4: { mode: 'dhcp', address: '10.0.0.1' } }),
      'network.interfaces[0].ipv4: expected nothing beside the mode dhcp, found "address"',
    ],
    [
      onVmk0({ ipv6: { mode: 'static', addresses: [{ address: '::1', prefix: 64 }] } }),
      'network.interfaces[0].ipv6.addresses[0].address: expected the IPv6 address of a host',
    ],
    [
      onVmk0({ ipv6: { mode: 'static', addresses: [] } }),
      'network.interfaces[0].ipv6.addresses: expected at least one, found "none"',
    ],
    [
      change({ interfaces: [vmk0, { ...storage, portGroup: 'Management Network' }] }),
      'network.interfaces vmk1.portGroup: expected another network than vmk0, found "VLAN 0 of vSwitch0"',
    ],
    [
      change({ interfaces: lab.interfaces.slice(0, 1), routes: [], gateway: { ipv4: '10.1.2.3' } }),
      'network.gateway.ipv4: expected another host in the network of an interface, found "10.1.2.3"',
    ],
    [
      change({ interfaces: lab.interfaces.slice(0, 1), routes: [], gateway: { ipv4: '10.7.0.1' } }),
      'network.gateway.ipv4: expected another host',
    ],
    [change({ gateway: { ipv6: 'fe80::1' } }), 'network.gateway.ipv6: expected an IPv6 address in'],
    [
      change({ gateway: { ipv6: 'fe80::1%vmk7' } }),
      'network.gateway.ipv6: expected an IPv6 address',
    ],
    [
      change({ routes: [{ network: '10.9.0.1/16', router: '10.1.2.9' }] }),
      'network.routes[0].network: expected a network such as 10.0.0.0/8, found "10.9.0.1/16"',
    ],
    [
      change({ routes: [{ network: '0.0.0.0/0', router: '10.1.2.9' }] }),
      'network.routes[0].network: expected a network',
    ],
    [
      change({ routes: [{ network: '10.9.0.0/16', router: '2001:db8::9' }] }),
      'network.routes[0].router: expected a host of the same family',
    ],
    [
      change({ dns: { servers: ['10.0.0.1'], search: ['-'] } }),
      'network.dns.search[0]: expected a domain, found "-"',
    ],
  ])('is refused with one sentence: %#', (value, sentence) => {
    const error = errorOf(() => parseNetwork(value));
    expect(error.code).toBe('setting.value');
    expect(error.message).toContain(sentence);
  });
});
