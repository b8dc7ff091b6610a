import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceNames, nameDevices } from '../../../src/state/device-names.ts';

const none = { names: {} };

describe('B4: names of devices', () => {
  it('follow the order of their paths, whatever the order in which they were found', () => {
    const cards = nameDevices(none, 'vmnic', ['pci/10.0', 'pci/03.0', 'pci/0a.0']);
    expect(cards).toEqual({
      names: { vmnic0: 'pci/03.0', vmnic1: 'pci/0a.0', vmnic2: 'pci/10.0' },
      changed: true,
    });
    expect(nameDevices(cards, 'vmhba', ['pci/03.0']).names).toMatchObject({ vmhba0: 'pci/03.0' });
  });

  it('stay where they are when one is added before them, or is not there', () => {
    const known = nameDevices(none, 'vmnic', ['pci-2', 'pci-3']);
    const { names } = nameDevices(known, 'vmnic', ['pci-1', 'pci-3']);
    expect(names).toEqual({ vmnic0: 'pci-2', vmnic1: 'pci-3', vmnic2: 'pci-1' });
    expect(nameDevices({ names }, 'vmnic', ['pci-2'])).toEqual({ names, changed: false });
  });

  it('are given once to a device that was found twice', () => {
    expect(nameDevices(none, 'vmnic', ['a', 'a']).names).toEqual({ vmnic0: 'a' });
  });

  it('are those of other devices never, whatever comes and goes, and can always be saved', () => {
    const paths = fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 8 });
    const boots = fc.array(fc.tuple(fc.constantFrom('vmnic', 'vmhba'), paths), { maxLength: 6 });
    fc.assert(
      fc.property(boots, (seen) => {
        let known: { names: Readonly<Record<string, string>> } = none;
        for (const [kind, present] of seen) {
          const { names } = nameDevices(known, kind, present);
          expect(names).toMatchObject(known.names);
          const own = Object.entries(names).flatMap(([name, path]) =>
            name.startsWith(kind) ? path : [],
          );
          expect(new Set(own).size).toBe(own.length);
          expect(own).toEqual(expect.arrayContaining(present));
          expect(deviceNames.parse({ names })).toEqual({ names });
          known = { names };
        }
      }),
    );
  });

  it('of devices that have gone long ago are forgotten when there are too many', () => {
    const old = Array.from({ length: 128 }, (_, at) => `old${at}`);
    const { names } = nameDevices(nameDevices(none, 'vmnic', old), 'vmnic', ['new', 'old0']);
    expect(Object.keys(names)).toHaveLength(128);
    expect(names).toMatchObject({ vmnic0: 'old0', vmnic128: 'new', vmnic127: 'old127' });
    expect(names).not.toHaveProperty('vmnic1');
  });

  it('are refused in a state where they are no names, no paths, or given twice', () => {
    const parse = (names: unknown) => () => deviceNames.parse({ names });
    expect(parse({ eth0: 'a' })).toThrow(/names such as vmnic0 and vmhba0, found "eth0"/);
    expect(parse({ vmnic0: 'a b' })).toThrow(/devices.names.vmnic0: expected the path of a device/);
    expect(parse({ vmnic0: 'a', vmnic1: 'a' })).toThrow(/vmnic1: expected each path once/);
  });
});
