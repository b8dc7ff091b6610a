import { describe, expect, it } from 'vitest';
import {
  parseLinks,
  parsePortVlans,
} from '../../../../../src/runtime/vmkernel/network/link-facts.ts';

const link = (ifname: string, more: object = {}) => ({
  ...{ ifname, mtu: 1500, flags: ['BROADCAST', 'UP'], address: '52:54:00:00:00:01', addr_info: [] },
  ...more,
});

describe("iproute2's words", () => {
  it('say what kind an interface is of, to what it belongs, and its own hardware address', () => {
    const links = parseLinks(
      JSON.stringify([
        link('vmnic0', { master: 'team', permaddr: '52:54:00:00:00:09', linkinfo: {} }),
        link('team', { linkinfo: { info_kind: 'bond', info_data: { mode: '802.3ad' } } }),
        link('vmk0', {
          link: 'vSwitch0',
          linkinfo: { info_kind: 'vlan', info_data: { protocol: '802.1Q', id: 20 } },
        }),
        link('vSwitch0', { flags: [], linkinfo: { info_kind: 'bridge', info_data: {} } }),
      ]),
    );
    expect(links).toMatchObject([
      { name: 'vmnic0', master: 'team', ownMac: '52:54:00:00:00:09', mac: '52:54:00:00:00:01' },
      { kind: 'bond', bondMode: '802.3ad' },
      { kind: 'vlan', vlan: { id: 20, link: 'vSwitch0' }, isUp: true },
      { kind: 'bridge', isUp: false, ownMac: '52:54:00:00:00:01' },
    ]);
  });

  it('say which addresses somebody gave, and which the kernel has by itself', () => {
    const inet6 = (local: string, more: object) => ({
      ...{ family: 'inet6', prefixlen: 64, scope: 'global', local },
      ...more,
    });
    const [vmk0] = parseLinks(
      JSON.stringify([
        link('vmk0', {
          addr_info: [
            { family: 'inet', prefixlen: 16, scope: 'link', local: '169.254.7.9' },
            inet6('2001:db8::5', {}),
            inet6('2001:db8::6', { protocol: 'kernel_ra' }),
            inet6('2001:db8::7', { dynamic: true }),
            inet6('fe80::1', { scope: 'link', protocol: 'kernel_ll' }),
          ],
        }),
      ]),
    );
    expect(vmk0?.addresses).toEqual(['169.254.7.9/16', '2001:db8::5/64']);
  });

  it('say the VLANs of ports, ranges among them', () => {
    const vlans = [
      { vlan: 4094, flags: ['PVID', 'Egress Untagged'] },
      { vlan: 7, vlanEnd: 9 },
    ];
    expect(parsePortVlans(JSON.stringify([{ ifname: 'vmnic0', vlans }])).get('vmnic0')).toEqual([
      { id: 4094, isNative: true },
      ...[7, 8, 9].map((id) => ({ id, isNative: false })),
    ]);
    expect(parsePortVlans('').size).toBe(0);
  });
});
