import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { copyDisk } from '../../src/harness/machine/disk-copy.ts';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import { type FullNetwork, parseFullNetwork } from '../../src/state/full-network.ts';
import { fullNetwork } from '../../src/state/network-settings.ts';
import { bootTimeoutMs } from '../support/boot.ts';
import { type EthernetPeer, ethernetPeer } from '../support/ethernet-peer.ts';
import { type TimeServer, timeServer } from '../support/time-server.ts';

/** A second network, with a time server, and a place for a card that is plugged in while the host runs. */
const extra = (peer: EthernetPeer): string[] => [
  // A clock whose battery is empty.
  ...['-rtc', 'base=1970-01-01T00:00:10'],
  ...['-netdev', `socket,id=net2,${peer.connect}`],
  ...['-device', 'virtio-net-pci,netdev=net2,id=card2,romfile=,bus=pcie.0,addr=0x1c'],
  ...['-device', 'pcie-root-port,id=port3,bus=pcie.0,addr=0x1d'],
  ...['-netdev', 'user,id=net3,net=10.0.4.0/24'],
];
const soon = { timeout: 60_000, interval: 500 };

let clock: TimeServer;
let peer: EthernetPeer;
let disk: Awaited<ReturnType<typeof copyDisk>>;
let host: QemuMachine;
beforeAll(async () => {
  clock = await timeServer();
  peer = await ethernetPeer({
    ...{ address: '10.0.3.2', offers: '10.0.3.15', dns: '10.0.3.3' },
    ...{ timeServers: ['10.0.3.2'], ntpPort: clock.port },
  });
  disk = await copyDisk(inject('images').raw);
  const hardware = {
    ...defaultMachine,
    image: disk.path,
    write: true,
    accelerator: 'tcg',
  } as const;
  host = await startQemu({ ...hardware, extra: extra(peer) });
  for (const pattern of [/stage=network at=/, /twinbank: ready/]) {
    const seen = await host.console.waitFor(pattern, { timeoutMs: bootTimeoutMs });
    expect(seen, `a line like ${pattern}`).toHaveProperty('line');
  }
}, 2 * bootTimeoutMs);
afterAll(async () => {
  await host?.stop();
  await disk?.remove();
  await peer?.stop();
  await clock?.stop();
});

/** As in time.h. */
type Rtc = Record<'tm_year' | 'tm_mon' | 'tm_mday' | 'tm_hour' | 'tm_min' | 'tm_sec', number>;

const simple = fullNetwork();
const twoSwitches = parseFullNetwork({
  ...simple,
  vSwitches: [...simple.vSwitches, { name: 'vSwitch1', uplinks: ['vmnic1'] }],
  portGroups: [...simple.portGroups, { name: 'Storage', vSwitch: 'vSwitch1' }],
  interfaces: [...simple.interfaces, { name: 'vmk1', portGroup: 'Storage' }],
});
const team = parseFullNetwork({
  ...simple,
  vSwitches: [{ name: 'vSwitch0', uplinks: ['vmnic0', 'vmnic1'] }],
  portGroups: [...simple.portGroups, { name: 'Storage', vSwitch: 'vSwitch0', vlan: 20 }],
  interfaces: [
    ...simple.interfaces,
    {
      ...{ name: 'vmk1', portGroup: 'Storage' },
      ipv4: { mode: 'static', address: '10.20.0.5', prefix: 16 },
      ipv6: { mode: 'static', addresses: [{ address: '2001:db8::5', prefix: 64 }] },
    },
  ],
});

const get = () => host.vmkd.call('network.get');
const setAndConfirm = async (settings: FullNetwork): Promise<void> => {
  const answer = await host.vmkd.call('network.set', { settings });
  expect(answer).toEqual({ token: expect.any(String), confirmSeconds: 30 });
  const token = (answer as { token: string }).token;
  expect(await host.vmkd.call('network.confirm', { token })).toMatchObject({ saved: true });
};
const teamLeases = [
  { interface: 'vmk0', address: '10.0.2.15' },
  { interface: 'vmk1', address: '10.20.0.5', prefix: 16 },
];
const status = () => host.vmkd.call('status');
const bothLeases = {
  problems: [],
  network: {
    interfaces: ['vmnic0', 'vmnic1'],
    leases: [
      { interface: 'vmk0', address: '10.0.2.15', router: '10.0.2.2', dns: '10.0.2.3' },
      { interface: 'vmk1', address: '10.0.3.15', router: '10.0.3.2', dns: '10.0.3.3' },
    ],
  },
};

describe('B4: the network of a host', { timeout: 180_000 }, () => {
  it('P7: has a clock that follows nobody, for as long as nobody names a time server', async () => {
    expect(await host.vmkd.call('ntp.status')).toMatchObject({
      ...{ servers: [], from: null, synchronised: false, drift: null, problem: null },
    });
    const { worlds } = (await host.vmkd.call('worlds.list')) as { worlds: object[] };
    expect(worlds).toContainEqual(
      expect.objectContaining({ name: 'ntp', state: 'idle', pid: null, problem: null }),
    );
  });

  it('P7: begins with the time at which its system was made, where the clock of the machine has lost its own', async () => {
    const seen = await host.console.waitFor(/clock: expected a time from/, { timeoutMs: 1000 });
    expect(seen).toMatchObject({
      line: {
        text: expect.stringMatching(
          /clock: expected a time from (20\d\d-\S+Z) to 20\d\d-\S+Z, found 1970-01-01T\S+Z: it is \1 now$/,
        ),
      },
    });
    expect(await status()).toMatchObject({
      problems: [expect.stringMatching(/^clock: .*, and nobody has set it since$/)],
    });
  });

  it('is a switch with the first card, and vmk0 with its hardware address, until somebody sets it', async () => {
    await expect.poll(get, soon).toMatchObject({
      ...{ settings: simple, pending: false, problems: [] },
      uplinks: [
        { name: 'vmnic0', mac: '52:54:00:12:34:56', driver: 'virtio_net', link: 'up' },
        { name: 'vmnic1', driver: 'virtio_net' },
      ],
      interfaces: [
        {
          ...{ name: 'vmk0', mac: '52:54:00:12:34:56' },
          // By the router's announcement.
          addresses: expect.arrayContaining(['10.0.2.15/24', expect.stringMatching(/^fec0::/)]),
        },
      ],
    });
  });

  it('gets a second switch, whose lease stands beside the first one, and is saved when confirmed', async () => {
    await setAndConfirm(twoSwitches);
    await expect.poll(status, soon).toMatchObject(bothLeases);
    expect(await host.vmkd.call('config.get')).toMatchObject({ network: twoSwitches });
  });

  it('P7: follows the time server that DHCP names, and sets the clock of the machine by it', async () => {
    const ntp = () => host.vmkd.call('ntp.status');
    await expect.poll(ntp, soon).toMatchObject({
      ...{ servers: ['10.0.3.2'], from: 'dhcp', synchronised: true },
      ...{ source: '10.0.3.2', stratum: 4, problem: null },
    });
    const { offset, drift } = (await ntp()) as { offset: number; drift: number };
    expect(Math.abs(offset)).toBeLessThan(1);
    expect(Math.abs(drift)).toBeLessThan(1000);
    // What a reboot finds: the kernel has written it into the clock that runs without power.
    const machineClock = async () => {
      const { qmp } = host;
      const at = (await qmp.call('qom-get', { path: '/machine', property: 'rtc-time' })) as Rtc;
      const { tm_year: year, tm_mon: month, tm_mday: day, tm_hour: hour } = at;
      const seconds = Date.UTC(1900 + year, month, day, hour, at.tm_min, at.tm_sec) / 1000;
      return Math.abs(seconds - Date.now() / 1000);
    };
    await expect.poll(machineClock, soon).toBeLessThan(5);
    expect(await status()).toMatchObject({ problems: [] });
  });

  it('has a team with VLANs', async () => {
    await setAndConfirm(team);
    await expect.poll(status, soon).toMatchObject({ network: { leases: teamLeases } });
    expect(await get()).toMatchObject({ settings: team, pending: false, problems: [] });
  });

  it('is as it was 30 s after a change that cut it off', async () => {
    const [first, ...others] = team.vSwitches;
    const cut = { ...team, vSwitches: [{ ...first, uplinks: [] }, ...others] };
    expect(await host.vmkd.call('network.set', { settings: cut })).not.toHaveProperty('failed');
    expect(await get()).toMatchObject({ settings: cut, pending: true });
    const seen = await host.console.waitFor(/network: the change was not confirmed in 30 s/, {
      timeoutMs: 90_000,
    });
    expect(seen).toHaveProperty('line');
    await expect.poll(status, soon).toMatchObject({ network: { leases: teamLeases } });
    expect(await get()).toMatchObject({ settings: team, pending: false });
  });

  it('does not take an address that another host has', async () => {
    const fixed = { mode: 'static', address: '10.0.2.2', prefix: 24 };
    const why = '10.0.2.2 is in use by another host, so vmk0 does not take it';
    expect(await host.vmkd.call('config.set', { network: fixed })).toMatchObject({
      ...{ saved: true, failed: [why] },
    });
    expect(await get()).toMatchObject({ problems: [why] });
    expect(await status()).toMatchObject({
      ...{ problems: [`network: ${why}`], network: { leases: [] } },
    });
    expect(await host.vmkd.call('config.set', { network: twoSwitches })).toMatchObject({
      saved: true,
    });
    await expect.poll(status, soon).toMatchObject(bothLeases);
  });

  it('has an IPv6 address and a certificate for it where nothing asks for IPv4', async () => {
    const ipv6Only = {
      ...simple,
      interfaces: simple.interfaces.map((one) => ({ ...one, ipv4: { mode: 'none' } })),
    };
    expect(await host.vmkd.call('config.set', { network: ipv6Only })).toMatchObject({
      saved: true,
    });
    await expect.poll(status, soon).toMatchObject({ network: { leases: [] } });
    const names = async () => ((await host.vmkd.call('tls.get')) as { names: string }).names;
    await expect.poll(names, soon).toMatch(/IP Address:FEC0:0:0:0:5054:FF:FE12:3456/i);
    expect(await host.vmkd.call('config.set', { network: twoSwitches })).toMatchObject({
      saved: true,
    });
    await expect.poll(status, soon).toMatchObject(bothLeases);
  });

  it('sees a cable that goes and comes, and a card that is plugged in', async () => {
    const links = async () => {
      const { uplinks } = (await get()) as { uplinks: { name: string; link: string }[] };
      return uplinks.map(({ name, link }) => `${name} ${link}`);
    };
    await host.qmp.call('set_link', { name: 'card2', up: false });
    await expect.poll(links, soon).toEqual(['vmnic0 up', 'vmnic1 down']);
    await host.qmp.call('set_link', { name: 'card2', up: true });
    await expect.poll(links, soon).toEqual(['vmnic0 up', 'vmnic1 up']);
    const card = {
      driver: 'virtio-net-pci',
      netdev: 'net3',
      id: 'card3',
      bus: 'port3',
      romfile: '',
    };
    await host.qmp.call('device_add', card);
    await expect.poll(links, soon).toEqual(['vmnic0 up', 'vmnic1 up', 'vmnic2 down']);
  });
});
