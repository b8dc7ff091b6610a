import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packState, unpackState } from '../../../src/state/archive.ts';
import { filesOfSettings, settingsOfFiles } from '../../../src/state/settings.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const settings = {
  hostname: 'esx1',
  rootPasswordHash: '!',
  syslog: { targets: ['10.0.0.9:514'] },
  ntp: { servers: ['10.0.0.1'] },
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-state-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

judgedBy(['tar', 'gzip'], () => {
  it('a state is listed and unpacked by GNU tar: names, modes, owners, times, content', () => {
    const file = join(folder, 'state.tar.gz');
    writeFileSync(file, packState(filesOfSettings(settings)));
    judge('gzip', ['--test', file]);
    const list = judge('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '-zf', file]);
    expect(list.replaceAll(/ +/g, ' ').trimEnd().split('\n')).toEqual([
      '-rw-r--r-- 0/0 2 1970-01-01 00:00 VERSION',
      '-rw-r--r-- 0/0 5 1970-01-01 00:00 etc/hostname',
      '-rw------- 0/0 14 1970-01-01 00:00 etc/shadow',
      expect.stringMatching(/^-rw-r--r-- 0\/0 \d+ 1970-01-01 00:00 etc\/vmware\/syslog.json$/),
      expect.stringMatching(/^-rw-r--r-- 0\/0 \d+ 1970-01-01 00:00 etc\/vmware\/ntp.json$/),
    ]);
    judge('tar', ['-C', folder, '-xzf', file]);
    expect(readFileSync(join(folder, 'etc/hostname'), 'utf8')).toBe('esx1\n');
    expect(JSON.parse(readFileSync(join(folder, 'etc/vmware/syslog.json'), 'utf8'))).toEqual(
      settings.syslog,
    );
  });

  it.each(['gnu', 'ustar'])('what GNU tar packs in the form %s is read', (format) => {
    const file = join(folder, `${format}.tar.gz`);
    for (const { path, bytes } of filesOfSettings(settings)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    writeFileSync(join(folder, 'VERSION'), '1\n');
    const names = ['VERSION', 'etc/hostname', 'etc/vmware/syslog.json'];
    judge('tar', ['-C', folder, `--format=${format}`, '-czf', file, ...names]);
    expect(settingsOfFiles(unpackState(readFileSync(file)))).toEqual({
      hostname: 'esx1',
      syslog: settings.syslog,
    });
  });
});
