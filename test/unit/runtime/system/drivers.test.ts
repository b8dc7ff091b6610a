import { describe, expect, it } from 'vitest';
import { bankDrivers, type DriversPort } from '../../../../src/runtime/system/drivers.ts';

/** A system whose modprobe knows `reasons`, the modules that it cannot load; all else is loaded, as far as it is a device's. */
function system({
  aliases = '',
  modaliases = [['']],
  reasons = {},
  processors = 1,
}: {
  aliases?: string;
  /** At each look; the last one stays. */
  modaliases?: string[][];
  reasons?: Readonly<Record<string, string>>;
  processors?: number;
}) {
  const calls: string[][] = [];
  const inKernel = new Set<string>();
  const port: DriversPort = {
    aliases: () => aliases,
    modaliases: () => (modaliases.length > 1 ? modaliases.shift() : modaliases[0]) ?? [],
    inKernel: () => inKernel,
    run: async (_program, args) => {
      calls.push([...args]);
      const wanted = args.filter((arg) => !arg.startsWith('-'));
      const failed = wanted.filter((name) => name in reasons);
      for (const name of wanted) if (!(name in reasons)) inKernel.add(name.replaceAll('-', '_'));
      return { code: failed.length, output: failed.map((name) => reasons[name]).join('\n') };
    },
    processors,
  };
  return { drivers: bankDrivers(port), calls };
}

const aliases = `alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci
alias virtio:d00000002v* virtio_blk
alias acpi*:LNXPWRBN:* button
alias pci:v*d*sv*sd*bc01sc06i01* ahci
`;
const virtio = 'pci:v00001AF4d00001042sv00001AF4sd00001100bc01sc00i00';

describe('drivers', () => {
  it('are loaded for the devices that a bus brings, too', async () => {
    const block = 'virtio:d00000002v00001AF4';
    const { drivers, calls } = system({ aliases, modaliases: [[virtio], [virtio, block]] });
    await drivers.load();
    expect(calls).toEqual([
      ['-a', 'virtio_pci'],
      ['-a', 'virtio_blk'],
    ]);
    expect(drivers.report).toEqual({
      devices: 2,
      loaded: ['virtio_pci', 'virtio_blk'],
      failed: [],
    });
  });

  it('are shared out among as many programs as there are processors', async () => {
    const modaliases = [[virtio, 'acpi:LNXPWRBN:', 'pci:v1d1sv1sd1bc01sc06i01']];
    const { drivers, calls } = system({ aliases, modaliases, processors: 2 });
    await drivers.load();
    expect(calls).toEqual([
      ['-a', 'virtio_pci', 'ahci'],
      ['-a', 'button'],
    ]);
    expect(drivers.report.loaded).toEqual(['virtio_pci', 'button', 'ahci']);
  });

  it('that fail are the only ones to be tried once more, and their reasons are told', async () => {
    const reasons = { button: 'No such device' };
    const modaliases = [[virtio, 'acpi:LNXPWRBN:']];
    const { drivers, calls } = system({ aliases, modaliases, reasons });
    await drivers.load();
    expect(calls).toEqual([['-a', 'virtio_pci', 'button'], ['button']]);
    expect(drivers.report.loaded).toEqual(['virtio_pci']);
    expect(drivers.report.failed).toEqual([{ module: 'button', reason: 'No such device' }]);
  });

  it('that an OEM names are loaded once, however their names are written', async () => {
    const { drivers, calls } = system({ reasons: { lamp: 'no lamp' } });
    await drivers.loadNamed(['usb-storage', 'lamp']);
    await drivers.loadNamed(['usb-storage', 'lamp']);
    expect(calls).toEqual([['-a', 'usb-storage', 'lamp'], ['lamp']]);
    expect(drivers.report.loaded).toEqual(['usb-storage']);
  });

  it('are none in a bank without a layer of drivers', async () => {
    const { drivers, calls } = system({ modaliases: [[virtio]] });
    await drivers.load();
    expect([calls, drivers.report.devices]).toEqual([[], 1]);
  });
});
