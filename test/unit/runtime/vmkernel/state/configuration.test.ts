import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  protectShadow,
  readConfiguration,
  writeCarried,
  writeConfiguration,
} from '../../../../../src/runtime/vmkernel/state/configuration.ts';
import { noAccounts } from '../../../../../src/state/accounts.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'etc-'));
  mkdirSync(join(root, 'etc'));
});
afterEach(() => rmSync(root, { recursive: true }));

const text = (path: string) => readFileSync(join(root, path), 'utf8');
const mode = (path: string) => statSync(join(root, path)).mode & 0o777;
const hash = `$5$salt$${'a'.repeat(43)}`;

describe('the configuration of the running system', () => {
  it('is what its files say, and the same when it is read again', () => {
    const settings = {
      hostname: 'esx1',
      rootPasswordHash: hash,
      network: { mode: 'dhcp' },
      syslog: { targets: ['10.0.0.9:514'] },
      ntp: { servers: [] },
    } as const;
    writeConfiguration(settings, root);
    expect(readConfiguration(root)).toEqual({ settings, carried: [], problems: [] });
    expect(text('etc/hostname')).toBe('esx1\n');
    expect(text('etc/vmware/syslog.json')).toBe('{\n  "targets": [\n    "10.0.0.9:514"\n  ]\n}\n');
  });

  it('is parsed once for as long as its files are the same, and anew for any other byte', () => {
    writeConfiguration({ hostname: 'esx1' }, root);
    const first = readConfiguration(root).settings;
    expect(readConfiguration(root).settings).toBe(first);
    writeFileSync(join(root, 'etc/hostname'), 'esx2\n');
    expect(readConfiguration(root).settings).toEqual({ hostname: 'esx2' });
    rmSync(join(root, 'etc/hostname'));
    expect(readConfiguration(root).settings).toEqual({});
  });

  it('is empty where there are no files, and leaves alone what was not given', () => {
    expect(readConfiguration(root)).toEqual({ settings: {}, carried: [], problems: [] });
    writeConfiguration({ hostname: 'a' }, root);
    expect(readdirSync(join(root, 'etc'))).toEqual(['hostname']);
  });

  it("changes root's line of shadow alone, and lets nobody else read it", () => {
    writeFileSync(join(root, 'etc/shadow'), 'dcui:!:::::::\nroot:!:19000:0:99999:7:::\nx:y');
    writeConfiguration({ rootPasswordHash: hash }, root);
    expect(text('etc/shadow')).toBe(`dcui:!:::::::\nroot:${hash}:::::::\nx:y\n`);
    expect(mode('etc/shadow')).toBe(0o600);
    chmodSync(join(root, 'etc/shadow'), 0o644);
    protectShadow(root);
    expect(mode('etc/shadow')).toBe(0o600);
  });

  it('K5: adds local users and groups to those of the system, and takes them away again', () => {
    const system = {
      passwd: 'root:x:0:0:Administrator:/:/bin/sh\nlamp:x:142:142:A lamp:/:/bin/false\n',
      shadow: 'root::::::::\nlamp:!:::::::\nvpxuser:!:::::::\n',
      group: 'root:x:0:root\nlocaladmin:x:50:dcui\nlamp:x:142:\n',
    };
    const put = () => {
      for (const [name, lines] of Object.entries(system)) {
        writeFileSync(join(root, 'etc', name), lines);
      }
    };
    put();
    const accounts = {
      users: [
        { name: 'amy', uid: 1000, gid: 100, fullName: 'Amy', hash },
        { name: 'bob', uid: 1001, gid: 1000, fullName: '', hash: '!' },
      ],
      groups: [{ name: 'ops', gid: 1000, members: ['amy', 'bob'] }],
      members: { localadmin: ['amy'], users: [] },
      passwords: { vpxuser: hash },
    };
    writeConfiguration({ accounts }, root);
    expect(text('etc/passwd')).toBe(
      `${system.passwd}amy:x:1000:100:Amy:/:/bin/false\nbob:x:1001:1000::/:/bin/false\n`,
    );
    expect(text('etc/shadow')).toBe(
      `root::::::::\nlamp:!:::::::\nvpxuser:${hash}:::::::\namy:${hash}:::::::\nbob:!:::::::\n`,
    );
    expect(text('etc/group')).toBe(
      'root:x:0:root\nlocaladmin:x:50:dcui,amy\nlamp:x:142:\nops:x:1000:amy,bob\n',
    );
    expect(mode('etc/shadow')).toBe(0o600);
    expect(readConfiguration(root)).toEqual({ settings: { accounts }, carried: [], problems: [] });

    writeConfiguration({ rootPasswordHash: hash }, root);
    expect(readConfiguration(root).settings).toEqual({ accounts, rootPasswordHash: hash });
    writeConfiguration({ accounts: noAccounts }, root);
    expect(text('etc/passwd')).toBe(system.passwd);
    expect(text('etc/group')).toBe(system.group);
    expect(readConfiguration(root).settings).toEqual({ rootPasswordHash: hash });
  });

  it('K5: leaves out a local user whose name a later system has taken', () => {
    writeFileSync(join(root, 'etc/passwd'), 'lamp:x:142:142:A lamp:/:/bin/false\n');
    writeFileSync(join(root, 'etc/shadow'), 'lamp:!:::::::\n');
    writeFileSync(join(root, 'etc/group'), 'localadmin:x:50:\n');
    const user = { name: 'lamp', uid: 1000, gid: 100, fullName: '', hash };
    const members = { localadmin: ['lamp'], users: [] };
    writeConfiguration({ accounts: { ...noAccounts, users: [user], members } }, root);
    expect(text('etc/passwd')).toBe('lamp:x:142:142:A lamp:/:/bin/false\n');
    expect(text('etc/shadow')).toBe('lamp:!:::::::\n');
    expect(text('etc/group')).toBe('localadmin:x:50:\n');
  });

  it('keeps files of a later version out of the way, for nobody else to read', () => {
    const later = { path: 'etc/init.d/later', bytes: Buffer.from('x') };
    writeCarried([later], root);
    expect(readConfiguration(root).carried).toEqual([
      expect.objectContaining({ path: later.path }),
    ]);
    expect(readdirSync(join(root, 'etc'))).toEqual([]);
    expect(mode('run/twinbank/state-carried.tar')).toBe(0o600);
    writeCarried([], root);
    expect(readConfiguration(root)).toEqual({ settings: {}, carried: [], problems: [] });
  });

  it('takes no mode from a file that a broken write left', () => {
    writeFileSync(join(root, 'etc/shadow.new'), 'x', { mode: 0o666 });
    writeConfiguration({ rootPasswordHash: hash }, root);
    expect(mode('etc/shadow')).toBe(0o600);
    expect(readdirSync(join(root, 'etc'))).toEqual(['shadow']);
  });

  it('has one sentence for each file that says something wrong, and the settings of the others', () => {
    writeConfiguration({ hostname: 'esx1', ntp: { servers: [] } }, root);
    writeFileSync(join(root, 'etc/vmware/network.json'), '{"mode":"auto"}');
    mkdirSync(join(root, 'etc/vmware/syslog.json'));
    const { settings, problems } = readConfiguration(root);
    expect(settings).toEqual({ hostname: 'esx1', ntp: { servers: [] } });
    expect(problems).toEqual([
      expect.stringContaining('EISDIR'),
      'network.mode: expected dhcp or static, found "auto"',
    ]);
  });
});
