import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DhcpEvent } from '../../../../../src/runtime/vmkernel/network/dhcp-event.ts';
import type { HeldAddress } from '../../../../../src/runtime/vmkernel/network/held-address.ts';
import type { KernelNetwork } from '../../../../../src/runtime/vmkernel/network/kernel-network.ts';
import { currentLeases } from '../../../../../src/runtime/vmkernel/network/leases.ts';
import type { LinkFacts } from '../../../../../src/runtime/vmkernel/network/link-facts.ts';
import { openNetwork } from '../../../../../src/runtime/vmkernel/network/network.ts';
import type { NetworkDevice } from '../../../../../src/runtime/vmkernel/network/uplink-names.ts';
import { fullNetwork } from '../../../../../src/state/network-settings.ts';
import { keptNames } from '../../../../support/device-namer.ts';

let leases: string;
beforeEach(() => {
  leases = mkdtempSync(join(tmpdir(), 'leases-'));
});
afterEach(() => rmSync(leases, { recursive: true }));

const turns = () => new Promise((done) => setTimeout(done, 5));
const lease: HeldAddress = {
  ...{ from: 'dhcp', address: '10.0.2.15', prefix: 24, router: '10.0.2.2' },
  ...{ dns: ['10.0.2.3'], search: [], timeServers: [] },
};

/** A kernel that does what it is told, and remembers it. */
function fakeKernel() {
  const seen = {
    devices: [{ name: 'eth0', path: '/a' }] as NetworkDevice[],
    facts: [] as LinkFacts[],
    lines: [] as string[],
    asked: 0,
    connected: new Set(['vmnic0']),
    taken: [] as string[],
    fails: '',
    dhcp: [] as string[],
    resolvConf: '',
  };
  let tell = (_event: DhcpEvent): void => {};
  let link = (_line: string): void => {};
  const kernel: KernelNetwork = {
    devices: () => seen.devices,
    loadModules: async () => {},
    facts: async () => {
      seen.asked++;
      return seen.facts;
    },
    async batch(program, lines) {
      seen.lines.push(...lines.map((line) => `${program} ${line}`));
      for (const line of lines) {
        const [, , , old, , name] = line.split(' ');
        const rename = / name vmnic/.test(line) && old && name;
        if (rename)
          seen.devices = seen.devices.map((one) => (one.name === old ? { ...one, name } : one));
      }
      return lines.filter((line) => seen.fails !== '' && line.startsWith(seen.fails));
    },
    setIpv6: () => {},
    macOf: () => '52:54:00:00:00:01',
    hasCarrier: (uplink) => seen.connected.has(uplink),
    isTaken: async (_name, address) => seen.taken.includes(address),
    startDhcp(name, wanted, onEvent) {
      seen.dhcp.push(`start ${name} ${wanted ?? ''}`.trim());
      tell = onEvent;
      return {
        renew: () => void seen.dhcp.push('renew'),
        stop: async () => void seen.dhcp.push('stop'),
      };
    },
    writeResolvConf: (text) => {
      seen.resolvConf = text;
    },
    watchLinks: (onLine) => {
      link = onLine;
    },
  };
  const reports: string[] = [];
  const open = () =>
    openNetwork({
      ...{
        kernel,
        leases,
        namer: keptNames().start(),
        report: (why: string) => void reports.push(why),
      },
      after: (ms, act) => {
        const timer = setTimeout(act, Math.min(ms, 1));
        return () => clearTimeout(timer);
      },
    });
  return {
    seen,
    reports,
    open,
    tell: (event: DhcpEvent) => tell(event),
    link: (line = '') => link(line),
  };
}

describe('the network', () => {
  it('is made at the first start, and has the address of DHCP when that comes', async () => {
    const { seen, open, tell, reports } = fakeKernel();
    const network = open();
    expect(network.uplinks()).toEqual(['vmnic0']);
    await network.start({ mode: 'dhcp' });
    expect(seen).toMatchObject({ asked: 1, dhcp: ['start vmk0'] });
    expect(seen.lines.at(-1)).toBe('ip link set dev vmk0 up');
    expect(currentLeases(leases)).toEqual([]);
    tell({ type: 'lease', lease });
    await turns();
    expect(seen.lines.slice(-2)).toEqual([
      'ip address add 10.0.2.15/24 brd + dev vmk0',
      'ip route replace default via 10.0.2.2 dev vmk0 metric 100 proto dhcp onlink',
    ]);
    expect(currentLeases(leases)).toMatchObject([{ interface: 'vmk0', address: '10.0.2.15' }]);
    expect([seen.resolvConf, seen.asked, reports]).toEqual(['nameserver 10.0.2.3\n', 1, []]);
  });

  it('keeps the address of an interface that a change does not touch', async () => {
    const { seen, open, tell } = fakeKernel();
    const network = open();
    await network.start({ mode: 'dhcp' });
    tell({ type: 'lease', lease });
    await turns();
    const simple = fullNetwork();
    const groups = [...simple.portGroups, { name: 'Lab', vSwitch: 'vSwitch0', vlan: 5 }];
    expect(await network.configure({ ...simple, portGroups: groups })).toBeUndefined();
    expect(seen.dhcp).toEqual(['start vmk0']);
    expect(currentLeases(leases)).toMatchObject([{ address: '10.0.2.15' }]);
  });

  it('waits with an answer until a static address is known to be free, and changes over to it', async () => {
    const { seen, open, tell, reports } = fakeKernel();
    const network = open();
    await network.start({ mode: 'dhcp' });
    tell({ type: 'lease', lease });
    await turns();
    const fixed = { mode: 'static', address: '10.0.2.7', prefix: 24, dns: ['10.0.2.9'] } as const;
    expect(await network.configure({ ...fixed, router: '10.0.2.1' })).toBeUndefined();
    expect(seen.dhcp).toEqual(['start vmk0', 'stop']);
    expect(currentLeases(leases)).toMatchObject([
      { interface: 'vmk0', address: '10.0.2.7', router: '10.0.2.1', dns: '10.0.2.9' },
    ]);
    seen.taken = ['10.0.2.8'];
    const why = '10.0.2.8 is in use by another host, so vmk0 does not take it';
    expect(await network.configure({ ...fixed, address: '10.0.2.8' })).toBe(why);
    expect([network.problems(), reports, currentLeases(leases)]).toEqual([[why], [why], []]);
  });

  it('says what the kernel refuses and which uplink is missing, once', async () => {
    const { seen, open, reports } = fakeKernel();
    seen.fails = 'link add vSwitch0';
    const network = open();
    await network.start({ mode: 'dhcp' });
    expect(reports).toEqual([expect.stringMatching(/^link add vSwitch0 /)]);
    seen.fails = '';
    const fixed = { mode: 'static', interface: 'vmnic7', address: '10.0.2.7', prefix: 24 } as const;
    expect(await network.configure({ ...fixed, dns: [] })).toBe('this host has no vmnic7');
  });

  it('renews the lease when the cable comes back, and not for other news', async () => {
    const { seen, open, link } = fakeKernel();
    await open().start({ mode: 'dhcp' });
    link();
    await turns();
    expect(seen.dhcp).toEqual(['start vmk0']);
    seen.connected.delete('vmnic0');
    link();
    await turns();
    seen.connected.add('vmnic0');
    link();
    await turns();
    expect(seen.dhcp).toEqual(['start vmk0', 'renew']);
  });

  it('renews once for a cable that comes and goes and comes, however often the kernel says so', async () => {
    const { seen, open, link } = fakeKernel();
    const network = open();
    let news = 0;
    network.onAddresses(() => news++);
    await network.start({ mode: 'dhcp' });
    news = 0;
    for (const _time of [1, 2, 3]) {
      for (const isIn of [false, true, false]) {
        if (isIn) seen.connected.add('vmnic0');
        else seen.connected.delete('vmnic0');
        for (const _line of [1, 2, 3, 4]) link('3: vmnic0: <NO-CARRIER,BROADCAST,MULTICAST,UP>');
      }
      await turns();
      expect(seen.dhcp.filter((one) => one === 'renew')).toEqual([]);
    }
    seen.connected.add('vmnic0');
    for (const _line of [1, 2, 3, 4]) link('3: vmnic0: <BROADCAST,MULTICAST,UP,LOWER_UP>');
    await turns();
    expect(seen.dhcp.filter((one) => one === 'renew')).toEqual(['renew']);
    // Four times the kernel had something to say, which may be of addresses.
    expect(news).toBe(4);
  });

  it('names a card that is plugged in, and does not try for ever where that fails', async () => {
    const { seen, open, link } = fakeKernel();
    await open().start({ mode: 'dhcp' });
    seen.devices = [...seen.devices, { name: 'eth0', path: '/b' }];
    link();
    await turns();
    expect(seen.lines).toContain('ip link set dev eth0 name vmnic1');
    const { asked } = seen;
    link();
    await turns();
    expect(seen.asked).toBe(asked);
  });

  it('tells of an IPv6 address that another host has', async () => {
    const { open, link, reports } = fakeKernel();
    const network = open();
    await network.start({ mode: 'dhcp' });
    link('4: vmk0    inet6 2001:db8::5/64 scope global dadfailed tentative proto kernel_ll');
    await turns();
    expect(reports).toEqual(['2001:db8::5 of vmk0 is in use by another host, and cannot be used']);
    expect(await network.configure({ mode: 'dhcp' })).toBeUndefined();
  });

  it('finds itself done when vmkd is started again: the lease stays, and routes are made anew', async () => {
    const first = fakeKernel();
    await first.open().start({ mode: 'dhcp' });
    first.tell({ type: 'lease', lease });
    await turns();
    const { seen, open } = fakeKernel();
    const mac = '52:54:00:00:00:01';
    const link = { mac, ownMac: mac, mtu: 1500, isUp: true, vlans: [], addresses: [] };
    const own = [{ id: 4094, isNative: true }];
    seen.devices = [{ name: 'vmnic0', path: '/a' }];
    seen.facts = [
      { ...link, name: 'vmnic0', master: 'vSwitch0', vlans: own },
      { ...link, name: 'vSwitch0', kind: 'bridge', vlans: [{ id: 4094, isNative: false }] },
      {
        ...{ ...link, name: 'vmk0', kind: 'vlan', addresses: ['10.0.2.15/24'] },
        vlan: { id: 4094, link: 'vSwitch0' },
      },
    ];
    await open().start({ mode: 'dhcp' });
    expect(seen.lines).toEqual([
      'ip route flush root 0.0.0.0/0 proto static',
      'ip route flush root 0.0.0.0/0 proto dhcp',
      'ip route flush root ::/0 proto static',
      'ip route flush root ::/0 proto dhcp',
      'ip route replace default via 10.0.2.2 dev vmk0 metric 100 proto dhcp onlink',
    ]);
    expect(seen.dhcp).toEqual(['start vmk0 10.0.2.15']);
    expect(currentLeases(leases)).toMatchObject([{ address: '10.0.2.15' }]);
  });
});
