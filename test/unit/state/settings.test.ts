import { describe, expect, it } from 'vitest';
import { selfSigned } from '../../../src/hostcore/tls/self-signed.ts';
import { type SettingName, type Settings, statePaths } from '../../../src/state/setting-rows.ts';
import {
  filesOfSettings,
  parseSetting,
  settingsOf,
  settingsOfFiles,
} from '../../../src/state/settings.ts';
import { targetForm } from '../../../src/state/syslog-target.ts';
import { errorOf } from '../../support/error-of.ts';

const sha256Hash = `$5$salt$${'a'.repeat(43)}`;
const sha512Hash = `$6$rounds=5000$saltsaltsaltsalt$${'./'.repeat(43)}`;
const fixed = { mode: 'static', address: '10.1.2.3', prefix: 24 } as const;
const all: Settings = {
  hostname: 'esx1.lab.example',
  rootPasswordHash: sha512Hash,
  network: { ...fixed, interface: 'eth0', router: '10.1.2.1', dns: ['10.1.2.1', '2001:db8::1'] },
  syslog: { targets: ['log.lab', '10.0.0.9:1514', '[2001:db8::2]:514', '[2001:db8::2]'] },
  ntp: { servers: ['pool.ntp.org', '10.0.0.1', 'fe80::1'] },
  devices: { names: { vmnic0: 'pci0000:00/03.0', vmhba0: 'pci0000:00/1f.2' } },
  nfs: {
    datastores: [{ name: 'nfs1', server: 'nas', port: 2049, path: '/vm', readOnly: false }],
  },
  datastoreNames: { names: { datastore1: '7d0f0b6e-0000-4000-8000-000000000001' } },
  resources: {
    system: { cpuWeight: 300, processors: null, memoryReserved: 2 ** 27 },
    vm: { processors: 3, memoryMax: 2 ** 30 },
    swap: { datastore: 'datastore1' },
  },
  accounts: {
    users: [{ name: 'amy', uid: 1000, gid: 1000, fullName: 'Amy Ünal', hash: sha512Hash }],
    groups: [{ name: 'ops', gid: 1000, members: ['amy'] }],
    members: { localadmin: ['amy'], users: [] },
    passwords: { vpxuser: sha256Hash },
  },
  security: {
    passwordQuality: 'retry=3 min=disabled,24,12,8,7',
    lockFailures: 3,
    unlockSeconds: 60,
  },
  tls: selfSigned({ hostName: 'esx1.lab.example', addresses: [] }, new Uint8Array(16)),
  authorization: {
    roles: [{ id: 1, name: 'Operator', privileges: ['VirtualMachine.Interact.PowerOn'] }],
    permissions: [
      { entity: 'ha-folder-root', principal: 'ops', group: true, role: 1, propagate: true },
    ],
  },
  listeners: { https: { enabled: true, allowed: ['10.0.0.0/8', '2001:db8::5'] } },
};

describe('settings', () => {
  it('are saved as files, and are the same when they are read again', () => {
    const files = filesOfSettings(all);
    expect(files.map(({ path }) => path)).toEqual([
      'etc/hostname',
      'etc/shadow',
      'etc/passwd',
      'etc/group',
      'etc/vmware/network.json',
      'etc/vmware/syslog.json',
      'etc/vmware/ntp.json',
      'etc/vmware/security.json',
      'etc/vmware/authorization.json',
      'etc/vmware/devices.json',
      'etc/vmware/datastores.json',
      'etc/vmware/nfs.json',
      'etc/vmware/resources.json',
      'etc/vmware/ssl/rui.crt',
      'etc/vmware/ssl/rui.key',
      'etc/vmware/listeners.json',
    ]);
    expect(settingsOfFiles(files)).toEqual(all);
    expect(Buffer.from(files[0]!.bytes).toString()).toBe('esx1.lab.example\n');
    expect(Buffer.from(files[1]!.bytes).toString()).toBe(
      `root:${sha512Hash}:::::::\namy:${sha512Hash}:::::::\nvpxuser:${sha256Hash}:::::::\n`,
    );
  });

  it('that nobody gave have no file', () => {
    expect(filesOfSettings({ ntp: { servers: [] } }).map(({ path }) => path)).toEqual([
      'etc/vmware/ntp.json',
    ]);
  });

  it("read root's hash among the hashes of others", () => {
    const bytes = Buffer.from(`dcui:!:::::::\nroot:${sha256Hash}:19000:0:99999:7:::\nx:y:\n`);
    const files = [{ path: 'etc/shadow', bytes }];
    expect(settingsOfFiles(files)).toEqual({ rootPasswordHash: sha256Hash });
  });

  it('have no password of root where nobody has set one', () => {
    for (const text of ['root::::::::\n', 'dcui:!:::::::\n']) {
      expect(settingsOfFiles([{ path: 'etc/shadow', bytes: Buffer.from(text) }])).toEqual({});
    }
  });

  it('of a later version are carried along, and mean nothing', () => {
    const later = { path: 'etc/vmware/later.json', bytes: Buffer.from('[1') };
    const { settings, carried, problems } = settingsOf([...filesOfSettings(all), later]);
    expect({ settings, carried, problems }).toEqual({
      settings: all,
      carried: [later],
      problems: [],
    });
  });
});

describe('a value that is right', () => {
  it.each<[SettingName, unknown, unknown]>([
    ['hostname', 'a', 'a'],
    ['hostname', `${'a'.repeat(62)}.b`, `${'a'.repeat(62)}.b`],
    ['rootPasswordHash', '', '!'],
    ['rootPasswordHash', '*', '!'],
    ['rootPasswordHash', sha256Hash, sha256Hash],
    ['network', { mode: 'dhcp' }, { mode: 'dhcp' }],
    ['network', fixed, { ...fixed, dns: [] }],
    ['network', { ...fixed, prefix: 1, router: '100.0.0.1' }, expect.anything()],
    ['syslog', { targets: [] }, { targets: [] }],
    ['ntp', { servers: ['a.b'] }, { servers: ['a.b'] }],
  ])('is taken: %s %j', (name, value, expected) => {
    expect(parseSetting(name, value)).toEqual({ [name]: expected });
  });
});

describe('a value that is wrong', () => {
  it.each<[SettingName, unknown, string]>([
    [
      'hostname',
      7,
      'hostname: expected a host name of at most 64 letters, digits, - and ., found 7',
    ],
    ['hostname', '', 'found ""'],
    ['hostname', '-a', 'found "-a"'],
    ['hostname', 'a..b', 'found "a..b"'],
    ['hostname', 'a\nb', 'found "a\\nb"'],
    ['hostname', 'grün', 'found "gr\\u00fcn"'],
    ['hostname', `${'a'.repeat(63)}.b`, 'found "aaaa'],
    [
      'rootPasswordHash',
      'secret',
      'rootPasswordHash: expected a hash of crypt that begins with $5$ or $6$, or nothing, found something else',
    ],
    ['rootPasswordHash', sha256Hash.slice(0, -1), 'found something else'],
    ['rootPasswordHash', `${sha256Hash}:`, 'found something else'],
    ['rootPasswordHash', '$1$salt$aaaaaaaaaaaaaaaaaaaaaa', 'found something else'],
    ['network', null, 'network: expected an object with mode, interface'],
    ['network', [], 'network: expected an object'],
    ['network', { mode: 'auto' }, 'network.mode: expected dhcp or static, found "auto"'],
    ['network', {}, 'network.mode: expected dhcp or static, found none'],
    [
      'network',
      { mode: 'dhcp', dns: [] },
      'network: expected nothing beside the mode dhcp, found "dns"',
    ],
    [
      'network',
      { ...fixed, gateway: '' },
      'network: expected no members but mode, interface, address, prefix, router, dns, found "gateway"',
    ],
    ['network', { ...fixed, interface: '../eth0' }, 'network.interface: expected the name'],
    ['network', { ...fixed, interface: 'eth0 up' }, 'network.interface: expected the name'],
    [
      'network',
      { ...fixed, address: '10.1.2' },
      'network.address: expected the IPv4 address of a host, found "10.1.2"',
    ],
    ['network', { ...fixed, address: '127.0.0.1' }, 'network.address: expected'],
    ['network', { ...fixed, address: '0.0.0.0' }, 'network.address: expected'],
    ['network', { ...fixed, address: '224.0.0.1' }, 'network.address: expected'],
    [
      'network',
      { ...fixed, prefix: 33 },
      'network.prefix: expected a whole number from 1 to 32, found 33',
    ],
    [
      'network',
      { ...fixed, prefix: '24' },
      'network.prefix: expected a whole number from 1 to 32, found "24"',
    ],
    [
      'network',
      { ...fixed, router: '10.1.3.1' },
      'network.router: expected another host of 10.1.2.3/24, found "10.1.3.1"',
    ],
    ['network', { ...fixed, router: '10.1.2.3' }, 'network.router: expected another host'],
    ['network', { ...fixed, dns: '10.0.0.1' }, 'network.dns: expected a list, found "10.0.0.1"'],
    [
      'network',
      { ...fixed, dns: ['10.0.0.1', 'x'] },
      'network.dns[1]: expected an address, found "x"',
    ],
    [
      'network',
      { ...fixed, dns: ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'] },
      'network.dns: expected at most 3, found 4',
    ],
    ['syslog', { targets: ['a:0'] }, `syslog.targets[0]: expected ${targetForm}, found "a:0"`],
    ['syslog', { targets: ['a:65536'] }, 'syslog.targets[0]: expected'],
    ['syslog', { targets: ['a b'] }, 'syslog.targets[0]: expected'],
    ['syslog', { targets: ['-R'] }, 'syslog.targets[0]: expected'],
    ['syslog', { targets: ['[10.0.0.1]'] }, 'syslog.targets[0]: expected'],
    ['syslog', { targets: ['2001:db8::2'] }, 'syslog.targets[0]: expected'],
    ['syslog', { targets: [7] }, `syslog.targets[0]: expected ${targetForm}, found 7`],
    ['syslog', {}, 'syslog.targets: expected a list, found none'],
    ['ntp', { servers: ['a', 'a'] }, 'ntp.servers[1]: expected each one once, found "a"'],
    [
      'ntp',
      { servers: ['10.0.0'] },
      'ntp.servers[0]: expected a host name or address, found "10.0.0"',
    ],
    ['ntp', { servers: ['10.0.0.256'] }, 'ntp.servers[0]: expected a host name or address'],
    [
      'devices',
      { names: { eth0: 'pci-1' } },
      'devices.names: expected names such as vmnic0 and vmhba0, found "eth0"',
    ],
    ['devices', { names: { vmnic00: 'pci-1' } }, 'found "vmnic00"'],
    [
      'devices',
      { names: { vmnic0: 'a b' } },
      'devices.names.vmnic0: expected the path of a device',
    ],
    [
      'devices',
      { names: { vmnic0: 'a', vmnic1: 'a' } },
      'devices.names.vmnic1: expected each path once, found "a"',
    ],
    ['tls', { certificate: 'x', key: 'y' }, 'tls.certificate: expected a certificate in PEM'],
    ['tls', { ...all.tls, key: '' }, 'tls.key: expected a private key in PEM without a passphrase'],
    [
      'tls',
      { ...all.tls, key: selfSigned({ hostName: 'a', addresses: [] }, new Uint8Array(16)).key },
      'tls.key: expected the key of the certificate, found "another one"',
    ],
    ['ntp', 'pool', 'ntp: expected an object with servers, found "pool"'],
  ])('is refused in one sentence: %s %j', (name, value, sentence) => {
    const error = errorOf(() => parseSetting(name, value));
    expect(error).toMatchObject({ kind: 'corrupt', code: 'setting.value' });
    expect(error.message).toContain(sentence);
    expect(error.message).toMatch(/^[ -~]+$/);
  });

  it('in a file is refused as well, and so is a file that says nothing', () => {
    const wrong = (path: string, text: string) => {
      expect(statePaths).toContain(path);
      return errorOf(() => settingsOfFiles([{ path, bytes: Buffer.from(text) }])).message;
    };
    expect(wrong('etc/vmware/ntp.json', '{')).toBe(
      'etc/vmware/ntp.json: expected JSON, found something else',
    );
    expect(wrong('etc/hostname', '\n')).toContain('hostname: expected');
    expect(wrong('etc/shadow', 'root:secret:::::::\n')).toContain('rootPasswordHash: expected');
  });
});
