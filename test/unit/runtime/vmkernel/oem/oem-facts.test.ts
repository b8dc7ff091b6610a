import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAliases } from '../../../../../src/runtime/system/driver-match.ts';
import { oemLines } from '../../../../../src/runtime/vmkernel/oem/oem-facts.ts';
import { addOemModules, mergeIndex } from '../../../../../src/runtime/vmkernel/oem/oem-modules.ts';
import { writeConfiguration } from '../../../../../src/runtime/vmkernel/state/configuration.ts';
import { effectiveSettings } from '../../../../../src/runtime/vmkernel/state/effective-settings.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

const facts = (name: string, defaults: object) =>
  JSON.stringify({ schemaVersion: 1, name, vendor: 'ACME', version: '1.0', defaults });

describe('defaults of an OEM', () => {
  test('hold until an administrator says otherwise, even that there is none', () => {
    const root = temporaryFiles({
      'etc/twinbank/oem/acme.json': facts('acme', {
        syslog: { targets: ['logs.acme.example'] },
        ntp: { servers: ['time.acme.example'] },
      }),
    });
    expect(effectiveSettings(root)).toEqual({
      syslog: { targets: ['logs.acme.example'] },
      ntp: { servers: ['time.acme.example'] },
    });
    writeConfiguration({ syslog: { targets: [] } }, root);
    expect(effectiveSettings(root)).toEqual({
      syslog: { targets: [] },
      ntp: { servers: ['time.acme.example'] },
    });
  });

  test('a file that is wrong is passed over, and so is a value', () => {
    const root = temporaryFiles({
      'etc/twinbank/oem/a.json': '{',
      'etc/twinbank/oem/b.json': 'null',
      'etc/twinbank/oem/c.json': facts('c', { ntp: { servers: [7] }, syslog: null }),
      'etc/twinbank/oem/d.json': facts('d', { console: { title: 'D', text: 'E' } }),
    });
    expect(effectiveSettings(root)).toEqual({});
    expect(oemLines(root)).toEqual([
      'OEM c 1.0 of ACME',
      'OEM d 1.0 of ACME: D - E',
      `${join(root, 'etc/twinbank/oem/a.json')}: expected JSON, found "{"`,
      `${join(root, 'etc/twinbank/oem/b.json')}: expected an object, found null`,
    ]);
    expect(oemLines(join(root, 'gone'))).toEqual([]);
  });
});

describe('kernel modules of an OEM', () => {
  const base = 'lib/modules/6.1';
  const files = {
    [`${base}/modules.dep`]: 'kernel/tg3.ko: kernel/libphy.ko\nkernel/libphy.ko:\n',
    [`${base}/modules.alias`]: '# Aliases\nalias pci:v1* tg3\n',
    [`${base}/oem/acme/modules.dep`]: 'oem/acme/tg3.ko:\noem/acme/fast-nic.ko:\n',
    [`${base}/oem/acme/modules.alias`]: '# Aliases\nalias pci:v1* tg3\nalias pci:v2* fast_nic\n',
  };

  test('come before those of the base, each name once; the same again changes nothing', () => {
    const root = temporaryFiles(files);
    const read = (name: string): string => readFileSync(join(root, base, name), 'utf8');
    for (const _ of [1, 2]) {
      expect(addOemModules('6.1', root)).toEqual(['acme']);
      expect(read('modules.dep')).toBe(
        'oem/acme/tg3.ko:\noem/acme/fast-nic.ko:\nkernel/libphy.ko:\n',
      );
      expect(parseAliases(read('modules.alias'))).toEqual([
        { pattern: 'pci:v1*', module: 'tg3' },
        { pattern: 'pci:v2*', module: 'fast_nic' },
      ]);
    }
  });

  test('a base without drivers gets just theirs, and one without OEMs is left alone', () => {
    const root = temporaryFiles({ 'x/y': '' });
    expect(addOemModules('6.1', root)).toEqual([]);
    const path = join(root, base, 'oem/acme/modules.dep');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'oem/acme/a.ko:\n');
    expect(addOemModules('6.1', root)).toEqual(['acme']);
    expect(readFileSync(join(root, base, 'modules.dep'), 'utf8')).toBe('oem/acme/a.ko:\n');
  });

  test('of two OEMs with one module the first counts', () => {
    expect(mergeIndex('oem/a/x-y.ko:\noem/b/x_y.ko: oem/b/z.ko\n', '', true)).toBe(
      'oem/a/x-y.ko:\n',
    );
  });
});
