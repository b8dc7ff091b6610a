import { describe, expect, it } from 'vitest';
import {
  defaultHardware,
  hardwareArguments,
  machineRequest,
  rowsWith,
  scenarioShape,
} from '../../../../src/harness/qemu/hardware.ts';
import { machineFiles } from '../../../../src/harness/qemu/machine-files.ts';
import { machineOptions } from '../../../../src/harness/qemu/machine-options.ts';

const files = machineFiles('/tmp/m');
const argumentsOf = (more: Partial<typeof defaultHardware> = {}) =>
  hardwareArguments({ ...defaultHardware, accelerator: 'tcg', ...more }, files);

describe('the rows of a machine', () => {
  it('keeps the devices at their places on the bus: network, watchdog, disk', () => {
    const args = argumentsOf();
    const devices = args.filter((_, index) => args[index - 1] === '-device');
    expect(devices).toEqual([
      'virtio-net-pci,netdev=net,romfile=',
      'i6300esb',
      'virtio-blk-pci,drive=disk,bootindex=0',
    ]);
  });

  it('tells QEMU what is not the default, too', () => {
    const smbios = { 1: { manufacturer: 'ACME, Inc.', product: 'X1' } };
    const args = argumentsOf({ memory: 192 * 2 ** 20, cpus: 1, cpu: 'EPYC,+svm', smbios });
    const after = (option: string) => args[args.indexOf(option) + 1];
    expect(after('-m')).toBe('192');
    expect(after('-smp')).toBe('1');
    expect(after('-cpu')).toBe('EPYC,+svm');
    expect(after('-smbios')).toBe('type=1,manufacturer=ACME,, Inc.,product=X1');
  });

  it.each(Object.entries(machineOptions))(
    'has a default for %s that its schema takes',
    (_, row) => {
      if (!('scenario' in row)) return;
      const { schema } = row.scenario;
      const written = schema.encode(row.default as never);
      expect(schema.decode(written as never)).toEqual(row.default);
    },
  );

  it('gives the keys of a scenario and the flags of boot', () => {
    expect(Object.keys(scenarioShape)).toEqual([
      'firmware',
      'disks',
      'disk',
      'memory',
      'cpus',
      'watchdog',
      'networks',
    ]);
    expect(rowsWith('flag').map(({ name }) => name)).toEqual([
      ...['firmware', 'disk', 'memory', 'cpu', 'accelerator'],
    ]);
  });
});

describe('what a scenario wants of its machine', () => {
  it('is what it says, and one processor and the defaults for the rest', () => {
    expect(machineRequest({ disk: 'nvme', firmware: undefined })).toEqual({
      firmware: 'bios',
      disks: [],
      disk: 'nvme',
      memory: 768 * 2 ** 20,
      cpus: 1,
      watchdog: 'i6300esb',
      networks: 1,
    });
  });
});
