import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packState, unpackState } from '../../../src/state/archive.ts';
import { migrations } from '../../../src/state/migrations.ts';
import { filesOfSettings, settingsOfFiles } from '../../../src/state/settings.ts';
import { stateSchema } from '../../../src/state/slot.ts';

/** What a version of that schema has saved, as its bytes were. */
const save = (name: string) => readFileSync(join(import.meta.dirname, 'saves', `${name}.tgz`));
const settingsOfSave = (name: string) => settingsOfFiles(unpackState(save(name)));

describe('M4: a state of schema 1', () => {
  it('is read with all that it says', () => {
    expect(settingsOfSave('schema-1-with-password')).toEqual({
      hostname: 'esx1.lab',
      rootPasswordHash: `$6$abcdefghijklmnop$${'Xy./'.repeat(21)}12`,
      network: {
        mode: 'static',
        interface: 'eth0',
        address: '10.0.0.2',
        prefix: 8,
        router: '10.0.0.1',
        dns: ['1.1.1.1'],
      },
      syslog: { targets: ['[fe80::1]:514', 'log.lab'] },
      ntp: { servers: ['10.0.0.1'] },
    });
  });

  it('leaves a root without a password that can still get one, and no root that is locked', () => {
    expect(settingsOfSave('schema-1-without-password')).toEqual({ hostname: 'esx2' });
  });
});

describe('M4: the schema of a state', () => {
  it('has a migration from each one before', () => {
    expect(migrations).toHaveLength(stateSchema - 1);
  });

  it('is the newest once it is saved again, and then says the same', () => {
    const settings = settingsOfSave('schema-1-with-password');
    const again = unpackState(packState(filesOfSettings(settings)));
    expect(settingsOfFiles(again)).toEqual(settings);
  });
});
