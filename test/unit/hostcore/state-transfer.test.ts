import { beforeEach, describe, expect, it } from 'vitest';
import { notApplied, transferMethods } from '../../../src/hostcore/state-transfer.ts';
import { type MemoryBoot, type MemoryHost, memoryHost } from './memory-host.ts';

const fixed = { mode: 'static', address: '10.0.0.2', prefix: 8, dns: [] } as const;

/** A host that has booted, with its own devices. */
async function booted(host: MemoryHost, interfaces = ['vmnic0']) {
  const boot = host.boot(5);
  await boot.keeper.restore();
  const ended: string[] = [];
  const { keeper, configuration } = boot;
  const end = (how: string, why: string) => void ended.push(`${how}: ${why}`);
  const methods = transferMethods({ keeper, configuration, interfaces: () => interfaces, end });
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
      network: { ...fixed, interface: 'eth0' },
      devices: { names: { vmnic0: 'pci-0000:00:03.0', vmnic1: 'pci-0000:00:04.0' } },
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
    const fresh = await booted(other, ['ens1']);
    const devices = { names: { vmnic0: 'pci-0000:02:00.0' } };
    fresh.boot.configuration.write({ devices });
    expect(await fresh.call('state.restore', { data, reboot: true })).toEqual({
      saved: true,
      generation: 1,
      rebooting: true,
      notApplied: [
        'network.interface: this host has no eth0, only ens1; what is set for it is not used until it is set anew',
        'devices: this host has no vmnic1 (it was pci-0000:00:04.0)',
      ],
      unknown: [later.path],
    });
    expect(fresh.ended).toEqual(['reboot: another state was restored']);
    const next = await booted(other, ['ens1']);
    expect(settingsOf(next.boot)).toMatchObject({ ...settings, devices });
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

it('M5: what fits a host is not listed', () => {
  const here = { interfaces: ['vmnic0'], devices: { names: { vmnic0: 'a' } } };
  const network = { ...fixed, interface: 'eth0' };
  expect(notApplied({ network, devices: { names: { vmnic0: 'b' } } }, here)).toEqual([]);
  expect(notApplied({ network: fixed }, here)).toEqual([]);
});
