import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseAccelerator } from '../../../../src/harness/qemu/accelerator.ts';
import { diskTypes } from '../../../../src/harness/qemu/disk-type.ts';
import { defaultMachine } from '../../../../src/harness/qemu/machine.ts';
import { machineFiles, ovmfCode } from '../../../../src/harness/qemu/machine-files.ts';
import { qemuArguments } from '../../../../src/harness/qemu/qemu-arguments.ts';

const files = machineFiles('/tmp/m');
const machine = { ...defaultMachine, image: '/images/a.img' };

/** The values of an option, in order. */
function valuesOf(words: readonly string[], option: string): string[] {
  return words.flatMap((word, index) => (words[index - 1] === option ? [word] : []));
}

describe("QEMU's command line", () => {
  it('connects console, QMP and vmkd to our sockets and arms the watchdog', () => {
    const words = qemuArguments(machine, files, 'tcg');
    expect(valuesOf(words, '-chardev')).toEqual([
      'socket,id=console,path=/tmp/m/console.sock',
      'socket,id=qmp,path=/tmp/m/qmp.sock',
      'socket,id=vmkd,path=/tmp/m/vmkd.sock',
    ]);
    expect(valuesOf(words, '-watchdog-action')).toEqual(['reset']);
    expect(words).toContain('-no-reboot');
    expect(valuesOf(words, '-accel')).toEqual(['tcg,thread=single']);
  });

  it('writes a comma in a path twice', () => {
    const odd = machineFiles('/tmp/a,b');
    const words = qemuArguments({ ...machine, image: '/x,,y.img', firmware: 'uefi' }, odd, 'tcg');
    expect(valuesOf(words, '-chardev')).toContain('socket,id=qmp,path=/tmp/a,,b/qmp.sock');
    expect(valuesOf(words, '-drive')).toEqual([
      `if=pflash,unit=0,format=raw,readonly=on,file=${ovmfCode}`,
      'if=pflash,unit=1,format=raw,file=/tmp/a,,b/vars.fd',
      'file=/x,,,,y.img,format=raw,if=none,id=disk,snapshot=on',
    ]);
  });

  it('keeps writes only when asked', () => {
    const words = qemuArguments({ ...machine, write: true, format: 'qcow2' }, files, 'kvm');
    expect(valuesOf(words, '-drive')).toEqual([
      'file=/images/a.img,format=qcow2,if=none,id=disk,snapshot=off',
    ]);
    expect(valuesOf(words, '-accel')).toEqual(['kvm']);
  });

  it('has no card without a network', () => {
    const words = qemuArguments({ ...machine, network: false }, files, 'tcg');
    expect(words.join(' ')).not.toMatch(/netdev|virtio-net/);
    expect(qemuArguments(machine, files, 'tcg').join(' ')).toMatch(/-netdev user/);
  });

  it('has a card in each of its networks, the first one first', () => {
    const words = qemuArguments({ ...machine, networks: 3 }, files, 'tcg');
    expect(valuesOf(words, '-netdev')).toEqual([
      'user,id=net',
      'user,id=net2,net=10.0.3.0/24',
      'user,id=net3,net=10.0.4.0/24',
    ]);
    const cards = valuesOf(words, '-device').filter((device) => device.startsWith('virtio-net'));
    expect(cards.map((card) => card.split(',')[1])).toEqual([
      'netdev=net',
      'netdev=net2',
      'netdev=net3',
    ]);
  });

  it('has added disks behind the one that it boots from, each on the bus that it names or on that of the machine', () => {
    const disks = [{ size: 2 ** 30 }, ...diskTypes.map((bus) => ({ size: 2 ** 30, bus }))];
    const words = qemuArguments({ ...machine, disk: 'nvme', disks }, files, 'tcg');
    const devices = valuesOf(words, '-device');
    const first = devices.indexOf('nvme,serial=twinbank,drive=disk,bootindex=0');
    expect(devices.slice(first + 1)).toEqual([
      'nvme,drive=added1,serial=twinbank-added1',
      'virtio-blk-pci,drive=added2,serial=twinbank-added2',
      'ide-hd,bus=ide.3,drive=added3,serial=twinbank-added3',
      'nvme,drive=added4,serial=twinbank-added4',
      'qemu-xhci,id=added5-usb',
      'usb-storage,bus=added5-usb.0,drive=added5,serial=twinbank-added5',
      'pvscsi,id=added6-scsi',
      'scsi-hd,bus=added6-scsi.0,drive=added6,serial=twinbank-added6',
    ]);
    expect(valuesOf(words, '-drive')).toContain(
      'file=/tmp/m/added6.qcow2,format=qcow2,if=none,id=added6',
    );
  });

  it.each(diskTypes)('boots from its one disk: %s', (disk) => {
    const devices = valuesOf(qemuArguments({ ...machine, disk }, files, 'tcg'), '-device');
    expect(devices.filter((device) => device.endsWith('drive=disk,bootindex=0'))).toHaveLength(1);
  });

  it('ends with the words of the caller', () => {
    const extra = ['-device', 'e1000'];
    expect(qemuArguments({ ...machine, extra }, files, 'tcg').slice(-2)).toEqual(extra);
  });
});

describe('the accelerator', () => {
  it.each([
    { flags: 'fpu vmx sse', kvm: true, found: 'kvm' },
    { flags: 'fpu svm', kvm: true, found: 'kvm' },
    { flags: 'fpu svmx hypervisor', kvm: true, found: 'tcg' },
    { flags: 'fpu vmx', kvm: false, found: 'tcg' },
  ])('is $found with flags $flags where /dev/kvm is there: $kvm', ({ flags, kvm, found }) => {
    const folder = mkdtempSync(join(tmpdir(), 'accelerator-'));
    const host = { kvm: join(folder, 'kvm'), processors: join(folder, 'cpuinfo') };
    writeFileSync(host.processors, `processor\t: 0\nvmx flags\t: svm vnmi\nflags\t\t: ${flags}\n`);
    if (kvm) writeFileSync(host.kvm, '');
    expect(chooseAccelerator('auto', host)).toBe(found);
    expect(chooseAccelerator('kvm', host)).toBe('kvm');
    expect(chooseAccelerator('tcg', host)).toBe('tcg');
    rmSync(folder, { recursive: true });
  });
});
