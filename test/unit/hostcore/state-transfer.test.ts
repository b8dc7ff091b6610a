import { beforeEach, describe, expect, it } from 'vitest';
import { transferMethods } from '../../../src/hostcore/state-transfer.ts';
import { fullNetwork } from '../../../src/state/network-settings.ts';
import { notApplied } from '../../../src/state/other-machine.ts';
import { type MemoryBoot, type MemoryHost, memoryHost } from './memory-host.ts';

const fixed = { mode: 'static', address: '10.0.0.2', prefix: 8, dns: [] } as const;

/** A host that has booted, with its own devices. */
async function booted(host: MemoryHost, uplinks = ['vmnic0']) {
  const boot = host.boot(5);
  await boot.keeper.restore();
  const ended: string[] = [];
  const { keeper, configuration } = boot;
  const end = (how: string, why: string) => void ended.push(`${how}: ${why}`);
  const datastores = [{ name: 'datastore1', uuid: 'a-1' }];
  const parts = async () => ({
    uplinks,
    controllers: ['vmhba0'],
    listeners: ['https'],
    datastores,
  });
  const methods = transferMethods({ keeper, configuration, parts, end });
  const call = async (name: string, params: object = {}) =>
    (await methods[name]!({ ...params })) as Record<string, unknown>;
  return { boot, call, ended };
}
const settingsOf = ({ configuration }: MemoryBoot) => configuration.read().settings;

let host: MemoryHost;
beforeEach(() => {
  host = memoryHost();
});

describe('M5: a backup', () => {
  it('has everything, and a replacement machine is the host that it is of from its next boot on', async () => {
    const old = await booted(host);
    const settings = {
      hostname: 'esx1',
      network: { ...fixed, interface: 'eth1' },
      devices: {
        names: { vmnic0: 'pci-0000:00:03.0', vmnic1: 'pci-0000:00:04.0', vmhba1: 'pci-0:1f.2' },
      },
      listeners: { https: { enabled: true }, ssh: { enabled: false } },
      datastoreNames: { names: { datastore1: 'b-1', fast: 'b-2' } },
      resources: { swap: { datastore: 'fast' } },
      accounts: {
        users: [{ name: 'amy', uid: 1000, gid: 100, fullName: '', hash: '!' }],
        groups: [],
        members: { localadmin: ['amy'], users: [] },
        passwords: {},
      },
    };
    old.boot.configuration.write(settings);
    const later = { path: 'etc/vmware/later.json', bytes: Buffer.from('{}') };
    old.boot.configuration.carry([later]);
    const { data, files } = await old.call('state.backup');
    expect(files).toContain('etc/group');

    const other = memoryHost();
    const fresh = await booted(other);
    const devices = { names: { vmnic0: 'pci-0000:02:00.0' } };
    const datastoreNames = { names: { datastore1: 'a-1' } };
    fresh.boot.configuration.write({ devices, datastoreNames });
    expect(await fresh.call('state.restore', { data, reboot: true })).toEqual({
      saved: true,
      generation: 1,
      rebooting: true,
      notApplied: [
        'network.interface: this host has no eth1, only vmnic0; what is set for it is not used until it is set anew',
        'network.interfaces vmk0: its switch vSwitch0 has none of its uplinks here, so that its addresses are reached by nobody',
        'listeners.ssh: no agent of this host listens so; what is set for it is not used until it is set anew',
        'devices: vmnic0 is pci-0000:02:00.0 here (it was pci-0000:00:03.0)',
        'devices: this host has no vmnic1 (it was pci-0000:00:04.0)',
        'devices: this host has no vmhba1 (it was pci-0:1f.2)',
        'datastores: this host has no datastore1 (it was b-1)',
        'datastores: this host has no fast (it was b-2)',
        'resources.swap.datastore: this host has no fast; what is set for it is not used until it is set anew',
      ],
      unknown: [later.path],
    });
    expect(fresh.ended).toEqual(['reboot: another state was restored']);
    const next = await booted(other);
    expect(settingsOf(next.boot)).toMatchObject({
      ...{ ...settings, devices, datastoreNames },
    });
    expect(next.boot.configuration.read().carried).toHaveLength(1);
  });

  it('is not saved over before that boot, whatever is changed meanwhile', async () => {
    const { boot, call } = await booted(host);
    boot.configuration.write({ hostname: 'wanted' });
    const { data } = await call('state.backup');
    boot.configuration.write({ hostname: 'other' });
    await call('state.restore', { data });
    const why = 'another state waits for the next boot';
    expect(await boot.keeper.save()).toEqual({ saved: false, why });
    await boot.keeper.saveChanges();
    await boot.keeper.keep();
    const again = host.again(5, boot);
    expect(await again.keeper.save()).toEqual({ saved: false, why });
    expect(host.startsFrom(5)).toMatchObject({
      from: 'generation 1 of bank 5',
      settings: { hostname: 'wanted' },
    });
  });

  it.each([
    ['what is none', Buffer.from('no state').toString('base64'), 'expected a tar.gz'],
    ['what is no base64', '!', 'bytes in base64'],
  ])('is not made of %s', async (_what, data, sentence) => {
    const { boot, call } = await booted(host);
    boot.configuration.write({ hostname: 'mine' });
    await boot.keeper.save();
    await expect(call('state.restore', { data })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(sentence),
    });
    expect(host.startsFrom(5)!.settings.hostname).toBe('mine');
  });

  it('is refused in a trial, and everything goes on', async () => {
    const { boot, call, ended } = await booted(host);
    const { data } = await call('state.backup');
    host.banks[5].mark({ bootstate: '2' });
    const why = 'a trial saves nothing until it is confirmed';
    expect(await call('state.restore', { data, reboot: true })).toMatchObject({
      saved: false,
      why,
    });
    expect(ended).toEqual([]);
    host.banks[5].mark({ bootstate: '0' });
    expect(await boot.keeper.save()).toMatchObject({ saved: true });
  });

  it('of a host whose files say something wrong is none', async () => {
    const { boot, call } = await booted(host);
    boot.files.set('etc/vmware/ntp.json', Buffer.from('{'));
    await expect(call('state.backup')).rejects.toThrow('etc/vmware/ntp.json: expected JSON');
  });
});

describe('P1: restored defaults', () => {
  it('are those of the image from the next boot on', async () => {
    const { boot, call, ended } = await booted(host);
    boot.configuration.write({ hostname: 'esx1' });
    await boot.keeper.save();
    expect(await call('state.reset', { reboot: true })).toMatchObject({
      saved: true,
      generation: 2,
    });
    expect(ended).toEqual(['reboot: the defaults were restored']);
    const next = host.boot(5);
    await next.keeper.restore();
    expect(settingsOf(next)).toEqual({ hostname: 'localhost', rootPasswordHash: '!' });
  });
});

describe('M5: what another machine cannot do', () => {
  const here = {
    ...{ uplinks: ['vmnic0', 'vmnic1'], controllers: ['vmhba0'], listeners: ['https'] },
    datastores: [{ name: 'datastore1', uuid: 'a-1' }],
    own: { devices: { names: { vmnic0: 'a', vmnic1: 'b', vmnic2: 'c', vmhba0: 'd' } } },
  };
  const full = fullNetwork();
  const storage = { name: 'vSwitch1', teaming: 'failover', mtu: 9000 } as const;
  const twoSwitches = (uplinks: readonly string[]) => ({
    ...full,
    vSwitches: [...full.vSwitches, { ...storage, uplinks }],
    portGroups: [...full.portGroups, { name: 'Storage', vSwitch: 'vSwitch1', vlan: 20 }],
    interfaces: [
      ...full.interfaces,
      { ...full.interfaces[0]!, name: 'vmk1', portGroup: 'Storage' },
    ],
  });
  const lacks = (uplink: string) =>
    `network.vSwitches vSwitch1.uplinks: this host has no ${uplink}, only vmnic0, vmnic1; what is set for it is not used until it is set anew`;

  it('is not what fits it', () => {
    const network = { ...fixed, interface: 'eth0' };
    const devices = { names: { vmnic0: 'a', vmhba0: 'd' } };
    const listeners = { https: { enabled: false } };
    const datastoreNames = { names: { other: 'a-1' } };
    const resources = { swap: { datastore: 'datastore1' } };
    const fits = { network, devices, listeners, datastoreNames, resources };
    expect(notApplied(fits, here)).toEqual([]);
    expect(notApplied({ network: fixed }, here)).toEqual([]);
    expect(notApplied({ network: twoSwitches(['vmnic1']) }, here)).toEqual([]);
    // A network inside the host was meant to have none.
    expect(notApplied({ network: twoSwitches([]) }, here)).toEqual([]);
  });

  it('is each uplink that it lacks, and each interface that is left without any', () => {
    expect(notApplied({ network: twoSwitches(['vmnic1', 'vmnic2']) }, here)).toEqual([
      lacks('vmnic2'),
    ]);
    expect(notApplied({ network: twoSwitches(['vmnic2', 'vmnic3']) }, here)).toEqual([
      ...[lacks('vmnic2'), lacks('vmnic3')],
      'network.interfaces vmk1: its switch vSwitch1 has none of its uplinks here, so that its addresses are reached by nobody',
    ]);
    // What nobody has set needs the first card.
    expect(notApplied({ network: { mode: 'dhcp' } }, { ...here, uplinks: [] })).toEqual([
      'network.interfaces vmk0: its switch vSwitch0 has none of its uplinks here, so that its addresses are reached by nobody',
    ]);
  });

  it('is each device that is not there now, whatever its name was, and each that has its name at another place', () => {
    const names = { vmnic0: 'a', vmnic1: 'x', vmnic2: 'c', vmhba1: 'y' };
    expect(notApplied({ devices: { names } }, here)).toEqual([
      'devices: vmnic1 is b here (it was x)',
      'devices: this host has no vmnic2 (it was c)',
      'devices: this host has no vmhba1 (it was y)',
    ]);
    // Of a host that does not run only its names are known.
    expect(
      notApplied(
        { devices: { names }, network: twoSwitches(['vmnic9']) },
        {
          own: here.own,
        },
      ),
    ).toEqual([
      'devices: vmnic1 is b here (it was x)',
      'devices: this host has no vmhba1 (it was y)',
    ]);
  });
});
