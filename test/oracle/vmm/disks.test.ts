import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { done, guestProgram, writeDisk } from './guest-program.ts';
import { packedVmm } from './packed-vmm.ts';

/** Devices through which the firmware reads and writes the node `disk`. */
const ways: Readonly<Record<string, readonly string[]>> = {
  IDE: ['-device', 'ide-hd,drive=disk'],
  AHCI: ['-device', 'ich9-ahci,id=bus', '-device', 'ide-hd,bus=bus.0,drive=disk'],
  NVMe: ['-device', 'nvme,serial=1,drive=disk'],
  'virtio-blk': ['-device', 'virtio-blk-pci,drive=disk'],
  'virtio-blk in a thread of its own': [
    ...['-object', 'iothread,id=thread'],
    ...['-device', 'virtio-blk-pci,drive=disk,iothread=thread'],
  ],
  'virtio-scsi': ['-device', 'virtio-scsi-pci,id=bus', '-device', 'scsi-hd,bus=bus.0,drive=disk'],
  pvscsi: ['-device', 'pvscsi,id=bus', '-device', 'scsi-hd,bus=bus.0,drive=disk'],
  'LSI 53c895a': ['-device', 'lsi53c895a,id=bus', '-device', 'scsi-hd,bus=bus.0,drive=disk'],
  SAS1068: ['-device', 'mptsas1068,id=bus', '-device', 'scsi-hd,bus=bus.0,drive=disk'],
  EHCI: ['-device', 'usb-ehci,id=bus', '-device', 'usb-storage,bus=bus.0,drive=disk'],
  xHCI: ['-device', 'qemu-xhci,id=bus', '-device', 'usb-storage,bus=bus.0,drive=disk'],
};

judgedBy(['as', 'ld', 'qemu-img', 'mcopy', 'cpio', 'unsquashfs', 'flock'], () => {
  const vmm = packedVmm();

  /** Has a guest read and write its disk, and returns what it read and what it wrote. */
  async function copySector(
    format: 'raw' | 'qcow2',
    options: string,
    devices: readonly string[],
  ): Promise<{ read: Buffer; written: Buffer }> {
    const folder = vmm.folder();
    const raw = join(folder, 'disk.raw');
    const path = join(folder, `disk.${format}`);
    const read = writeDisk(raw, guestProgram('disk', folder));
    if (format === 'qcow2') judge('qemu-img', ['convert', '-O', 'qcow2', raw, path]);
    const machine = await vmm.start([
      ...['-m', '32', '-machine', 'pc', '-device', 'VGA'],
      ...['-blockdev', `driver=file,filename=${path},node-name=file,${options}`],
      ...['-blockdev', `driver=${format},file=file,node-name=disk,discard=unmap`],
      ...devices,
    ]);
    await machine.says(done);
    expect(await machine.quit()).toEqual({ code: 0, signal: null, errors: '' });
    if (format === 'qcow2') judge('qemu-img', ['convert', '-O', 'raw', path, raw]);
    return { read, written: readFileSync(raw).subarray(1024, 1536) };
  }

  describe('a guest reads and writes its disk', () => {
    test.each(Object.entries(ways))('through %s', async (_, devices) => {
      const { read, written } = await copySector('raw', 'discard=unmap', devices);
      expect(written).toEqual(read);
    });

    test.each(['aio=threads', 'aio=native,cache.direct=on', 'aio=io_uring'])(
      'in qcow2, with %s',
      async (options) => {
        const copied = copySector('qcow2', options, ways['virtio-blk']!);
        // A file system in memory has no direct access, and a container may have no io_uring: QEMU has words for both.
        const refused = copied.then(
          () => undefined,
          (error: Error) => error.message,
        );
        const why = await refused;
        if (why === undefined) {
          const { read, written } = await copied;
          expect(written).toEqual(read);
        } else {
          const own = options === 'aio=threads' ? /^$/ : /O_DIRECT|linux io_uring|direct I\/O/;
          expect(why).toMatch(own);
        }
      },
    );
  });
});
