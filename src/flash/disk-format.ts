import { basename, extname } from 'node:path';
import { openFileDevice } from '../disk/file-device.ts';
import { planQcow2, writeQcow2 } from '../disk/qcow2/writer.ts';
import { writeVmdkFile } from '../disk/vmdk/file.ts';
import type { FinishedDisk } from './finished-disk.ts';

/** Writes a disk to a new file; `target` is the name that it will have. */
type Packer = (path: string, disk: FinishedDisk, target: string) => Promise<void>;

/** Disks of virtual machines by the ending of their name; all others are raw. Machines run from either. */
const packers: Readonly<Record<string, Packer>> = {
  '.qcow2': async (path, { device, extents }) => {
    const plan = planQcow2(device, extents);
    const file = openFileDevice(path, { create: true, size: plan.fileSize });
    try {
      writeQcow2(device, plan, file);
    } finally {
      file.close();
    }
  },
  '.vmdk': (path, disk, target) =>
    writeVmdkFile(path, disk, { type: 'monolithicSparse', fileName: basename(target) }),
};

/** Undefined where the file is the disk, byte by byte. */
export function packerOf(target: string): Packer | undefined {
  return packers[extname(target).toLowerCase()];
}
