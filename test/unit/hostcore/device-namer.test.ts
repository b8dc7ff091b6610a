import { describe, expect, it } from 'vitest';
import { filesOfSettings, settingsOfFiles } from '../../../src/state/settings.ts';
import { keptNames } from '../../support/device-namer.ts';

describe('B4: names of devices and datastores in the state', () => {
  it('are the same at the next start, with a device and a datastore before the others', () => {
    const { kept, start } = keptNames();
    const first = start();
    expect([...first.namesOf('vmnic', ['pci/04.0'])]).toEqual([['pci/04.0', 'vmnic0']]);
    expect([...first.namesOf('vmhba', ['pci/05.0'])]).toEqual([['pci/05.0', 'vmhba0']]);
    expect(first.nameDatastore({ uuid: 'b', label: 'datastore1' }, [])).toBe('datastore1');
    expect(kept.changes).toBe(3);
    // As it is saved and restored.
    kept.settings = settingsOfFiles(filesOfSettings(kept.settings));
    const second = start();
    expect(Object.fromEntries(second.namesOf('vmnic', ['pci/03.0', 'pci/04.0']))).toEqual({
      'pci/03.0': 'vmnic1',
      'pci/04.0': 'vmnic0',
    });
    expect(second.namesOf('vmhba', ['pci/02.0', 'pci/05.0']).get('pci/02.0')).toBe('vmhba1');
    expect(second.nameDatastore({ uuid: 'a', label: 'datastore1' }, [])).toBe('datastore1 (1)');
    expect(second.nameDatastore({ uuid: 'b', label: 'datastore1' }, ['a'])).toBe('datastore1');
    expect(second.datastores()).toEqual(['datastore1', 'datastore1 (1)']);
  });

  it('are saved only where one is new', () => {
    const { kept, start } = keptNames();
    start().namesOf('vmnic', ['pci/04.0']);
    const again = start();
    again.namesOf('vmnic', ['pci/04.0']);
    again.namesOf('vmnic', []);
    expect(kept.changes).toBe(1);
  });

  it('hold until the next start where they cannot be kept, which is said', () => {
    const { kept, start } = keptNames();
    kept.isFull = true;
    const namer = start();
    namer.namesOf('vmnic', ['pci/04.0']);
    expect(namer.namesOf('vmnic', ['pci/03.0', 'pci/04.0']).get('pci/04.0')).toBe('vmnic0');
    expect(kept.reports[0]).toBe('the names of devices are not kept: no room');
    expect(kept.changes).toBe(0);
  });
});
