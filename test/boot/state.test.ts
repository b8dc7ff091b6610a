import { expect, inject, it } from 'vitest';
import { encodeBootCfg, readBootCfg } from '../../src/bootloader/boot-cfg.ts';
import { copyDisk } from '../../src/harness/machine/disk-copy.ts';
import { defaultMachine } from '../../src/harness/qemu/machine.ts';
import { type QemuMachine, startQemu } from '../../src/harness/qemu/qemu.ts';
import { packState, unpackState } from '../../src/state/archive.ts';
import { parseFullNetwork } from '../../src/state/full-network.ts';
import { fullNetwork } from '../../src/state/network-settings.ts';
import { filesOfSettings, settingsOfFiles } from '../../src/state/settings.ts';
import { readBankState } from '../../src/state/slots-of-bank.ts';
import { bootTimeoutMs } from '../support/boot.ts';
import { withPartition, withVolume } from '../support/image-copy.ts';
import { nfsServer } from '../support/nfs-server.ts';

const hash = `$6$salt$${'a'.repeat(86)}`;
const changed = {
  hostname: 'esx-lab',
  rootPasswordHash: hash,
  syslog: { targets: ['10.0.2.2:5514'] },
  ntp: { servers: ['10.0.2.2'] },
};

const amy = { name: 'amy', fullName: 'Amy', password: 'corrEct7horse' };
const login = (machine: QemuMachine) =>
  machine.vmkd.call('users.authenticate', {
    ...{ name: amy.name, password: amy.password, from: 'network' },
  });

const start = (image: string, extra: readonly string[]): Promise<QemuMachine> =>
  startQemu({ ...defaultMachine, image, write: true, accelerator: 'tcg', extra });

/** A card behind a bridge, and a disk that is too small for anything, at places of the PCI bus. */
const devices = (name: string, bridge: string, place: string) => [
  ...['-device', `pcie-root-port,id=port-${name},chassis=${bridge},bus=pcie.0,addr=${bridge}`],
  ...['-netdev', `user,id=net-${name},restrict=on`],
  ...['-device', `e1000e,netdev=net-${name},bus=port-${name},mac=52:54:00:00:00:${name},romfile=`],
  ...['-blockdev', `driver=null-co,node-name=disk-${name},size=1048576,read-zeroes=on`],
  ...[
    '-device',
    `virtio-blk-pci,drive=disk-${name},serial=${name.toUpperCase()},bus=pcie.0,addr=${place}`,
  ],
];
const last = devices('aa', '0x1c', '0x12');
const before = devices('bb', '0x1b', '0x11');

/** Network cards and controllers of disks, by what they are and not by where. */
async function namesIn(machine: QemuMachine) {
  const { uplinks } = (await machine.vmkd.call('network.get')) as {
    uplinks: { name: string; mac: string }[];
  };
  const { disks } = (await machine.vmkd.call('storage.list')) as {
    disks: { name: string; serial: string }[];
  };
  return Object.fromEntries([
    ...uplinks.map(({ name, mac }) => [mac.slice(-2), name]),
    ...disks.map(({ name, serial }) => [serial || 'boot', name.split(':')[0]]),
  ]);
}

const names = { '56': 'vmnic0', aa: 'vmnic1', boot: 'vmhba0', AA: 'vmhba1' };

/** Of a machine with a second card, for storage. */
const simple = fullNetwork();
const elsewhere = parseFullNetwork({
  ...simple,
  vSwitches: [...simple.vSwitches, { name: 'vSwitch1', uplinks: ['vmnic7'] }],
  portGroups: [...simple.portGroups, { name: 'Storage', vSwitch: 'vSwitch1' }],
  interfaces: [
    ...simple.interfaces,
    {
      ...{ name: 'vmk1', portGroup: 'Storage' },
      ipv4: { mode: 'static', address: '10.9.0.2', prefix: 16 },
    },
  ],
});

/** A backup as another machine would have made it. */
function fromElsewhere(data: string): string {
  const files = unpackState(Buffer.from(data, 'base64'));
  const settings = {
    ...settingsOfFiles(files),
    ...{ hostname: 'esx-moved', network: elsewhere, listeners: { ssh: { enabled: false } } },
    devices: { names: { vmnic7: 'pci-7', vmhba9: 'pci-9' } },
    datastoreNames: { names: { fast: 'b-2' } },
  };
  const later = { path: 'etc/vmware/later.json', bytes: Buffer.from('{}') };
  return Buffer.from(packState([...filesOfSettings(settings), later])).toString('base64');
}

async function waitFor(machine: QemuMachine, pattern: RegExp): Promise<void> {
  const seen = await machine.console.waitFor(pattern, { timeoutMs: bootTimeoutMs });
  expect(seen, `a line like ${pattern}`).toHaveProperty('line');
}

/** Generations in the slots of a bank, 0 for an empty one, and what the newest says. */
function saved(image: string, bank: number) {
  return withPartition(image, bank, (device) => {
    const { slots } = readBankState(device);
    const right = slots.flatMap(({ reading }) => (reading.ok ? [reading.saved] : []));
    const newest = right.sort((a, b) => b.generation - a.generation)[0];
    return {
      generations: slots.map(({ reading }) => (reading.ok ? reading.saved.generation : 0)),
      settings: newest && settingsOfFiles(unpackState(newest.content)),
    };
  });
}

/** The datastore on a server, as `storage.list` tells of it. */
async function nasIn(machine: QemuMachine) {
  const { datastores } = (await machine.vmkd.call('storage.list', {}, bootTimeoutMs)) as {
    datastores: { name: string; type: string; accessible: boolean; why: string | null }[];
  };
  return datastores.find(({ name }) => name === 'nas1');
}
const wellNas = { type: 'nfs', accessible: true, why: null, capacity: expect.any(Number) };
const soon = { timeout: 120_000, interval: 500 };

it('M4, M5, K5, B4, K4: what was changed by vmkd, names of devices and datastores on servers are there after a power cut, a new version takes it over, and a backup of elsewhere', async () => {
  const server = await nfsServer();
  const share = { name: 'nas1', server: '10.0.2.2', port: server.port, path: server.path };
  const disk = await copyDisk(inject('images').raw);
  let identity: unknown;
  try {
    const first = await start(disk.path, last);
    try {
      await waitFor(first, /stage=state at=\S+ none/);
      await waitFor(first, /twinbank: ready/);
      expect(await first.vmkd.call('status')).toMatchObject({
        configuration: { generation: 1, bank: 5, saved: true, problem: null },
      });
      expect(await namesIn(first)).toEqual(names);
      await expect(
        first.vmkd.call('config.set', { hostname: 'esx-lab', ntp: { servers: ['-'] } }),
      ).rejects.toThrow('ntp.servers[0]: expected a host name or address, found "-"');
      expect(await first.vmkd.call('config.get')).toMatchObject({ hostname: 'localhost' });
      const firstIdentity = await first.vmkd.call('tls.get');
      expect(firstIdentity).toMatchObject({ names: 'DNS:localhost, IP Address:10.0.2.15' });
      // Root has no password yet.
      expect(await login(first)).toEqual({ ok: false, why: 'no-root-password' });
      // On a slow machine the agents that read it may not run yet: then the answer says so, and is no other.
      expect(await first.vmkd.call('config.set', changed)).toMatchObject({
        ...{ saved: true, generation: 2 },
      });
      // The third is that of the certificate with the new name.
      identity = await first.vmkd.call('tls.get');
      expect(identity).toMatchObject({ names: 'DNS:esx-lab, IP Address:10.0.2.15' });
      expect(await first.vmkd.call('users.create', amy)).toMatchObject({
        saved: true,
        generation: 4,
        user: { uid: 1000, groups: ['users'] },
      });
      expect(await login(first)).toMatchObject({ ok: true, name: 'amy' });

      await expect(first.vmkd.call('storage.nfs.add', share, bootTimeoutMs)).rejects.toThrow(
        `10.0.2.2 port ${server.port}:/store: `,
      );
      await server.start();
      expect(await first.vmkd.call('storage.nfs.add', share, bootTimeoutMs)).toMatchObject({
        saved: true,
      });
      expect(await nasIn(first)).toMatchObject(wellNas);
      expect(await first.vmkd.call('storage.nfs.list')).toMatchObject({
        datastores: [{ ...share, readOnly: false, accessible: true }],
      });
      await server.stop();
    } finally {
      // As a power cut does: nothing in the machine hears of it.
      await first.stop();
    }
    const held = saved(disk.path, 5);
    expect(held).toMatchObject({ settings: { ...changed, nfs: { datastores: [share] } } });
    const newest = Math.max(...held.generations);
    expect(newest).toBeGreaterThan(4);
    expect(saved(disk.path, 6).generations).toEqual([0, 0]);

    withVolume(disk.path, 6, (volume) => {
      const found = readBootCfg(volume.read('boot.cfg'));
      if (!found.ok) throw new Error(found.reason);
      const trial = { ...found.cfg, updated: 9, bootstate: '1' } as const;
      volume.overwrite('boot.cfg', 0, encodeBootCfg(trial));
    });
    // The bus of the card that was there has another number now.
    const second = await start(disk.path, [...before, ...last]);
    try {
      await waitFor(second, new RegExp(`stage=state at=\\S+ generation ${newest} of bank 5`));
      await waitFor(second, /stage=bank at=\S+ confirmed \/dev\/vda6, was a trial/);
      await waitFor(second, /twinbank: ready/);
      expect(await namesIn(second)).toEqual({ ...names, bb: 'vmnic2', BB: 'vmhba2' });
      const { rootPasswordHash: _secret, ...shown } = changed;
      const told = { ...shown, rootPasswordSet: true, network: { mode: 'dhcp' } };
      expect(await second.vmkd.call('config.get')).toMatchObject(told);
      expect(await second.vmkd.call('tls.get')).toEqual(identity);
      expect(await login(second)).toMatchObject({ ok: true, name: 'amy', groups: ['users'] });
      // The server is away, which keeps nobody from anything, and comes.
      await waitFor(second, /storage: nas1 \(10\.0\.2\.2 port \d+:\/store\) is not mounted: /);
      expect(await nasIn(second)).toMatchObject({ accessible: false, capacity: null });
      await server.start();
      await waitFor(second, /storage: nas1 \(.*\) is there/);
      expect(await nasIn(second)).toMatchObject(wellNas);
      // It hangs, and nothing else does.
      server.hang();
      const [hanging, answer] = await Promise.all([nasIn(second), second.vmkd.call('config.get')]);
      expect(hanging).toMatchObject({ accessible: false, why: 'it does not answer' });
      expect(answer).toMatchObject(told);
      await waitFor(second, /storage: nas1 \(.*\) is not accessible: it does not answer/);
      expect(await second.vmkd.call('status')).toMatchObject({
        problems: ['datastore nas1: it does not answer'],
      });
      server.goOn();
      await expect.poll(() => nasIn(second), soon).toMatchObject(wellNas);
      expect(await second.vmkd.call('status')).toMatchObject({
        problems: [],
        configuration: { generation: newest + 1, bank: 6, saved: true, problem: null },
        network: { leases: [{ address: '10.0.2.15' }] },
      });

      expect(await second.vmkd.call('storage.nfs.remove', { name: 'nas1' })).toMatchObject({
        saved: true,
      });
      expect(await nasIn(second)).toBeUndefined();

      const network = {
        mode: 'static',
        address: '10.0.2.77',
        prefix: 24,
        router: '10.0.2.2',
        dns: ['10.0.2.3'],
      };
      const fixed = await second.vmkd.call('config.set', { network });
      expect(fixed).toEqual({ saved: true, generation: expect.any(Number) });
      const { generation } = fixed as { generation: number };
      expect(await second.vmkd.call('status')).toMatchObject({
        problems: [],
        network: { leases: [{ interface: 'vmk0', address: '10.0.2.77', router: '10.0.2.2' }] },
      });
      expect(await second.vmkd.call('config.set', { network: { mode: 'dhcp' } })).toEqual({
        saved: true,
        generation: generation + 2,
      });
      await expect
        .poll(() => second.vmkd.call('status'), { timeout: 60_000, interval: 1000 })
        .toMatchObject({ problems: [], network: { leases: [{ address: '10.0.2.15' }] } });
      // M5: of another machine, with another card and another disk controller, and a file of a later version.
      const backup = (await second.vmkd.call('state.backup')) as { data: string };
      const data = fromElsewhere(backup.data);
      expect(await second.vmkd.call('state.restore', { data, reboot: true })).toMatchObject({
        ...{ saved: true, rebooting: true, unknown: ['etc/vmware/later.json'] },
        notApplied: [
          'network.vSwitches vSwitch1.uplinks: this host has no vmnic7, only vmnic0, vmnic1, vmnic2; what is set for it is not used until it is set anew',
          'network.interfaces vmk1: its switch vSwitch1 has none of its uplinks here, so that its addresses are reached by nobody',
          'listeners.ssh: no agent of this host listens so; what is set for it is not used until it is set anew',
          'devices: this host has no vmnic7 (it was pci-7)',
          'devices: this host has no vmhba9 (it was pci-9)',
          'datastores: this host has no fast (it was b-2)',
        ],
      });
      expect(await second.ended).toMatchObject({ reason: 'guest-reset' });
    } finally {
      await second.stop();
    }

    const third = await start(disk.path, last);
    try {
      await waitFor(third, /stage=state at=\S+ generation \d+ of bank 6/);
      await waitFor(third, /twinbank: ready/);
      expect(await third.vmkd.call('config.get')).toMatchObject({
        ...{ hostname: 'esx-moved', network: elsewhere, ntp: changed.ntp },
      });
      expect(await login(third)).toMatchObject({ ok: true, name: 'amy' });
      expect(await third.vmkd.call('network.get')).toMatchObject({
        problems: ['this host has no vmnic7'],
      });
      expect(await namesIn(third)).toEqual(names);
      // P1: the defaults, at the next boot and not before it.
      expect(await third.vmkd.call('state.reset')).toMatchObject({ saved: true, rebooting: false });
      expect(await third.vmkd.call('config.set', { hostname: 'esx-late' })).toMatchObject({
        ...{ saved: false, why: 'another state waits for the next boot' },
      });
      expect(await third.vmkd.call('shutdown', { mode: 'reboot' })).toEqual({ mode: 'reboot' });
      expect(await third.ended).toMatchObject({ reason: 'guest-reset' });
    } finally {
      await third.stop();
    }
    expect(saved(disk.path, 6).settings).toEqual({});
  } finally {
    await server.remove();
    await disk.remove();
  }
});
