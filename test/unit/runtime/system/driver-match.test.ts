import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  indexAliases,
  matches,
  modulesFor,
  parseAliases,
} from '../../../../src/runtime/system/driver-match.ts';
import { findModaliases } from '../../../../src/runtime/system/drivers.ts';

/** From modules.alias of Debian's Linux 6.1. */
const aliases = parseAliases(`# Aliases extracted from modules themselves.
alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci
alias pci:v00008086d000025ABsv*sd*bc*sc*i* i6300esb
alias pci:v*d*sv*sd*bc01sc06i01* ahci
alias pci:v00008086d000010D3sv*sd*bc*sc*i* e1000e
alias virtio:d00000002v* virtio_blk
alias virtio:d00000003v* virtio_console
alias virtio:d00000001v* virtio_net
alias acpi*:LNXPWRBN:* button
alias acpi*:PNP0C0C:* button
alias cpu:type:x86,ven*fam*mod*:feature:*00C2* kvm_amd
alias cpu:type:x86,ven*fam*mod*:feature:*0085* kvm_intel
alias usb:v*p*d*dc*dsc*dp*ic08isc06ip50in* usb_storage
alias usb:v*p*d*dc*dsc*dp*ic08isc06ip62in* uas
alias usb:v054Cp0268d*dc*dsc*dp*ic*isc*ip*in* hid_sony
alias usb:v0409p0040d[0-2]*dc*dsc*dp*ic*isc*ip*in* usb_storage
alias input:b*v*p*e*-e*1,*k*110,*r*0,*1,*a*m*l*s*f*w* mousedev
alias input:b*v*p*e*-e*k*r*a*m*l*s*f*w* evdev
alias dmi*:svnDell*: dell_smbios
`);

describe('the drivers for a device', () => {
  it.each([
    {
      bus: 'PCI, by its maker',
      modalias: 'pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc00i00',
      found: ['virtio_pci'],
    },
    {
      bus: 'PCI, by its class',
      modalias: 'pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01',
      found: ['ahci'],
    },
    { bus: 'virtio', modalias: 'virtio:d00000002v00001AF4', found: ['virtio_blk'] },
    { bus: 'ACPI, of the fixed kind', modalias: 'acpi:LNXPWRBN:', found: ['button'] },
    { bus: 'ACPI, with a compatible id', modalias: 'acpi:PNP0C0E:PNP0C0C:', found: ['button'] },
    {
      bus: 'the processor',
      modalias: 'cpu:type:x86,ven0002fam0017mod0001:feature:,0000,0001,00C0,00C2,00C4',
      found: ['kvm_amd'],
    },
    {
      bus: 'USB',
      modalias: 'usb:v46F4p0001d0000dc00dsc00dp00ic08isc06ip50in00',
      found: ['usb_storage'],
    },
    {
      bus: 'USB, by a range',
      modalias: 'usb:v0409p0040d1234dc00dsc00dp00icFFisc06ip50in00',
      found: ['usb_storage'],
    },
    {
      bus: 'USB, outside of the range',
      modalias: 'usb:v0409p0040d3234dc00dsc00dp00icFFisc06ip50in00',
      found: [],
    },
    { bus: 'input', modalias: 'input:b0019v0000p0001e0000-e0,1,k74,ramlsfw', found: ['evdev'] },
    { bus: 'no bus that a driver knows', modalias: 'platform:pcspkr', found: [] },
  ])('on $bus', ({ modalias, found }) => {
    expect(modulesFor(indexAliases(aliases), [modalias])).toEqual(found);
  });

  it('are named once, in the order of the devices', () => {
    const block = 'virtio:d00000002v00001AF4';
    expect(
      modulesFor(indexAliases(aliases), ['acpi:LNXPWRBN:', block, 'acpi:PNP0C0C:', block]),
    ).toEqual(['button', 'virtio_blk']);
    expect(modulesFor(indexAliases([]), [block])).toEqual([]);
    expect(modulesFor(indexAliases(aliases), [])).toEqual([]);
  });

  it('are found at once for an input device that nearly matches a dozen stars', () => {
    const keys = Array.from({ length: 4000 }, (_, i) => `${i % 10},1,2,110,0`).join(',');
    expect(
      matches(
        'input:b*v*p*e*-e*1,*2,*k*110,*r*0,*1,*a*m*l*s*f*w*X',
        `input:b0v0p0e0-e0,1,2,k${keys}`,
      ),
    ).toBe(false);
  });
});

/** fnmatch(3) by its definition, and as slow. */
function reference(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*')) {
    for (let i = 0; i <= text.length; i++)
      if (reference(pattern.slice(1), text.slice(i))) return true;
    return false;
  }
  if (text === '') return false;
  const set = /^\[([^\]]+)\]/.exec(pattern);
  if (set) {
    const inSet = [...set[1]!.matchAll(/(.)-(.)|(.)/g)].some(([, from, to, one]) =>
      one === undefined ? from! <= text[0]! && text[0]! <= to! : one === text[0],
    );
    return inSet && reference(pattern.slice(set[0].length), text.slice(1));
  }
  if (pattern[0] !== '?' && pattern[0] !== text[0]) return false;
  return reference(pattern.slice(1), text.slice(1));
}

describe('matching', () => {
  it('agrees with fnmatch(3)', () => {
    const element = fc.constantFrom(
      'a',
      'b',
      ':',
      '.',
      '+',
      '(',
      '*',
      '*',
      '?',
      '[ab]',
      '[0-9A-F]',
      '[a-b:]',
    );
    const pattern = fc.array(element, { maxLength: 8 }).map((parts) => parts.join(''));
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', ':', '.', '+', '(', '7', 'F'),
      maxLength: 10,
    });
    let hits = 0;
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        const expected = reference(p, t);
        if (expected) hits++;
        expect(matches(p, t)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
    expect(hits).toBeGreaterThan(100);
  });

  it('takes a bracket that is never closed for itself', () => {
    expect(matches('a[b', 'a[b')).toBe(true);
    expect(matches('a[b', 'ab')).toBe(false);
  });
});

it('aliases are read without comments and broken lines', () => {
  expect(parseAliases('# alias a b\nalias pci:* x\nalias onlypattern\n\noptions x y=1\n')).toEqual([
    { pattern: 'pci:*', module: 'x' },
  ]);
});

it('devices are found on buses, in classes, and the processor; those that have just gone are not', () => {
  const sys = mkdtempSync(join(tmpdir(), 'sys-'));
  const device = (path: string, modalias?: string): void => {
    mkdirSync(join(sys, path), { recursive: true });
    if (modalias !== undefined) writeFileSync(join(sys, path, 'modalias'), `${modalias}\n`);
  };
  device('devices/pci0/0000:00:01.0', 'pci:v1');
  device('devices/system/cpu', 'cpu:type:x86');
  device('bus/pci/devices');
  symlinkSync('../../../devices/pci0/0000:00:01.0', join(sys, 'bus/pci/devices/0000:00:01.0'));
  symlinkSync('../../../devices/gone', join(sys, 'bus/pci/devices/0000:00:02.0'));
  device('bus/virtio');
  device('class/input/input0', 'input:b0');
  device('class/input/input1', '');
  device('class/tty/tty0');
  expect(findModaliases(sys)).toEqual(['pci:v1', 'input:b0', 'cpu:type:x86']);
  expect(findModaliases(join(sys, 'nowhere'))).toEqual([]);
  rmSync(sys, { recursive: true });
});
