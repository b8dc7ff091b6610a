import { describe, expect, it } from 'vitest';
import type { LinkFacts } from '../../../../../src/runtime/vmkernel/network/link-facts.ts';
import { planLinks } from '../../../../../src/runtime/vmkernel/network/plan-links.ts';
import { wantedLinks } from '../../../../../src/runtime/vmkernel/network/wanted-links.ts';
import { type FullNetwork, parseFullNetwork } from '../../../../../src/state/full-network.ts';
import { fullNetwork } from '../../../../../src/state/network-settings.ts';

const device = (name: string, more: Partial<LinkFacts> = {}): LinkFacts => ({
  ...{ name, mac: `52:54:00:00:00:0${name.at(-1)}`, ownMac: `52:54:00:00:00:0${name.at(-1)}` },
  ...{ mtu: 1500, isUp: false, vlans: [], addresses: [] },
  ...more,
});

const same = (...names: string[]) => new Map(names.map((name) => [name, name]));
const none = { links: [], vlans: [], starts: [] };

/** What a host with one uplink has after the plan of {@link fullNetwork}. */
const simpleFacts: readonly LinkFacts[] = [
  device('vmnic0', { isUp: true, master: 'vSwitch0', vlans: [{ id: 4094, isNative: true }] }),
  device('vSwitch0', { kind: 'bridge', isUp: true, vlans: [{ id: 4094, isNative: false }] }),
  device('vmk0', { kind: 'vlan', isUp: true, vlan: { id: 4094, link: 'vSwitch0' } }),
];

const withGroups = (
  vlans: readonly number[],
  uplinks = ['vmnic0'],
  more: object = {},
): FullNetwork => {
  const simple = fullNetwork();
  const groups = vlans.map((vlan) => ({ name: `VLAN ${vlan}`, vSwitch: 'vSwitch0', vlan }));
  return parseFullNetwork({
    ...simple,
    vSwitches: [{ name: 'vSwitch0', uplinks, ...more }],
    portGroups: [...simple.portGroups, ...groups],
  });
};

describe('the plan of switches and interfaces', () => {
  it("makes a switch, its VLANs and vmk0 with the uplink's hardware address at the first start", () => {
    const wanted = wantedLinks(fullNetwork(), ['vmnic0']);
    expect(planLinks([device('eth0')], new Map([['eth0', 'vmnic0']]), wanted)).toEqual({
      links: [
        'link set dev eth0 name vmnic0',
        'link add vSwitch0 address 52:54:00:00:00:00 mtu 1500 type bridge vlan_filtering 1 vlan_default_pvid 0 stp_state 0 forward_delay 0 mcast_snooping 0',
        'link set dev vmnic0 master vSwitch0',
        'link set dev vmnic0 up',
        'link set dev vSwitch0 up',
        'link add link vSwitch0 name vmk0 mtu 1500 type vlan id 4094',
      ],
      vlans: ['vlan add dev vSwitch0 vid 4094 self', 'vlan add dev vmnic0 vid 4094 pvid untagged'],
      starts: ['link set dev vmk0 up'],
    });
  });

  it('does nothing where all is as it is wanted', () => {
    const wanted = wantedLinks(fullNetwork(), ['vmnic0']);
    expect(planLinks(simpleFacts, same('vmnic0'), wanted)).toEqual(none);
  });

  it('tags VLANs of port groups on the uplink, and keeps one inside for what is untagged', () => {
    const wanted = wantedLinks(withGroups([5, 10, 11, 12, 4094]), ['vmnic0']);
    expect(planLinks(simpleFacts, same('vmnic0'), wanted)).toEqual({
      links: ['link del dev vmk0', 'link add link vSwitch0 name vmk0 mtu 1500 type vlan id 4093'],
      vlans: [
        'vlan del dev vSwitch0 vid 4094 self',
        'vlan add dev vSwitch0 vid 4093 self',
        'vlan add dev vmnic0 vid 4093 pvid untagged',
        'vlan add dev vmnic0 vid 5',
        'vlan add dev vmnic0 vid 10-12',
        'vlan add dev vmnic0 vid 4094',
      ],
      starts: ['link set dev vmk0 up'],
    });
  });

  it('opens all VLANs to a port group of guests that tag themselves', () => {
    const wanted = wantedLinks(withGroups([4095]), ['vmnic0']);
    expect(planLinks(simpleFacts, same('vmnic0'), wanted)).toEqual({
      ...none,
      vlans: ['vlan add dev vmnic0 vid 1-4093'],
    });
  });

  it('makes a team of several uplinks, and moves the one that was alone', () => {
    const wanted = wantedLinks(withGroups([], ['vmnic0', 'vmnic1'], { mtu: 9000 }), [
      'vmnic0',
      'vmnic1',
    ]);
    const facts = [...simpleFacts, device('vmnic1')];
    expect(planLinks(facts, same('vmnic0', 'vmnic1'), wanted)).toEqual({
      links: [
        'link set dev vmnic0 nomaster',
        'link add vSwitch0-up type bond mode active-backup miimon 100',
        'link set dev vmnic0 down',
        'link set dev vmnic0 master vSwitch0-up',
        'link set dev vmnic1 master vSwitch0-up',
        'link set dev vSwitch0-up mtu 9000',
        'link set dev vSwitch0-up type bond primary vmnic0',
        'link set dev vSwitch0-up up',
        'link set dev vSwitch0 mtu 9000',
        'link set dev vSwitch0-up master vSwitch0',
        'link set dev vmk0 mtu 9000',
      ],
      vlans: ['vlan add dev vSwitch0-up vid 4094 pvid untagged'],
      starts: [],
    });
  });

  it.each([
    ['ip-hash', 'balance-xor miimon 100 xmit_hash_policy layer3+4'],
    ['lacp', '802.3ad miimon 100 xmit_hash_policy layer3+4'],
  ])('makes a team by %s, in place of one by failover', (teaming, mode) => {
    const wanted = wantedLinks(withGroups([], ['vmnic0', 'vmnic1'], { teaming }), [
      'vmnic0',
      'vmnic1',
    ]);
    const facts = [
      ...simpleFacts.slice(1),
      device('vmnic0', { isUp: true, master: 'vSwitch0-up' }),
      device('vmnic1', { isUp: true, master: 'vSwitch0-up' }),
      device('vSwitch0-up', {
        kind: 'bond',
        bondMode: 'active-backup',
        isUp: true,
        master: 'vSwitch0',
      }),
    ];
    const { links } = planLinks(facts, same('vmnic0', 'vmnic1'), wanted);
    expect(links.slice(0, 2)).toEqual([
      'link del dev vSwitch0-up',
      `link add vSwitch0-up type bond mode ${mode}`,
    ]);
    expect(links).not.toContainEqual(expect.stringContaining('primary'));
  });

  it('puts up again what leaves a team, which the kernel has put down', () => {
    const facts = [
      ...simpleFacts.slice(1),
      device('vmnic0', { isUp: true, master: 'vSwitch0-up' }),
      device('vmnic1', { isUp: true, master: 'vSwitch0-up' }),
      device('vSwitch0-up', { kind: 'bond', bondMode: 'active-backup', isUp: true }),
    ];
    const names = same('vmnic0', 'vmnic1');
    const alone = wantedLinks(fullNetwork(), ['vmnic0', 'vmnic1']);
    const simple = ['link set dev vmnic0 master vSwitch0', 'link set dev vmnic0 up'];
    expect(planLinks(facts, names, alone).links).toEqual(['link del dev vSwitch0-up', ...simple]);
    const three = [...facts, device('vmnic2'), device('vmnic3')];
    const moved = parseFullNetwork({
      ...fullNetwork(),
      vSwitches: [
        { name: 'vSwitch0', uplinks: ['vmnic1', 'vmnic2'] },
        { name: 'vSwitch1', uplinks: ['vmnic0'] },
      ],
    });
    const there = ['vmnic0', 'vmnic1', 'vmnic2', 'vmnic3'];
    expect(planLinks(three, same(...there), wantedLinks(moved, there)).links).toEqual(
      expect.arrayContaining(['link set dev vmnic0 nomaster', 'link set dev vmnic0 up']),
    );
  });

  it('makes a switch without its uplink, and says which is missing', () => {
    const wanted = wantedLinks(fullNetwork(), []);
    expect(wanted.missing).toEqual(['vmnic0']);
    expect(planLinks([], new Map(), wanted).links).toEqual([
      expect.stringMatching(/^link add vSwitch0 mtu 1500 type bridge /),
      'link set dev vSwitch0 up',
      'link add link vSwitch0 name vmk0 mtu 1500 type vlan id 4094',
    ]);
  });

  it('removes what is not wanted any more, interfaces first, and nothing of virtual machines', () => {
    const nothing = parseFullNetwork({ vSwitches: [], portGroups: [], interfaces: [] });
    const facts = [
      ...simpleFacts,
      device('vm7', { kind: 'veth' }),
      device('vm7.5', { kind: 'vlan' }),
    ];
    expect(planLinks(facts, same('vmnic0'), wantedLinks(nothing, ['vmnic0']))).toEqual({
      ...none,
      links: ['link del dev vmk0', 'link del dev vSwitch0'],
    });
  });

  it('gives a device that was plugged in while its switch waited to that switch', () => {
    const wanted = wantedLinks(fullNetwork(), ['vmnic0']);
    const facts = [...simpleFacts.slice(1), device('eth0', { isUp: true })];
    expect(planLinks(facts, new Map([['eth0', 'vmnic0']]), wanted)).toEqual({
      links: [
        'link set dev eth0 down',
        'link set dev eth0 name vmnic0',
        'link set dev vmnic0 master vSwitch0',
        'link set dev vmnic0 up',
      ],
      vlans: ['vlan add dev vmnic0 vid 4094 pvid untagged'],
      starts: [],
    });
  });
});
