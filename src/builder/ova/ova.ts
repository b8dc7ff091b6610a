import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-stream';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { DiskContent } from '../../disk/disk-formats.ts';
import { extentBytes } from '../../disk/extents.ts';
import { temporaryName } from '../../disk/temporary-image.ts';
import { writeVmdkFile } from '../../disk/vmdk/file.ts';
import { type Appliance, encodeOvf, neededDrivers } from './ovf.ts';

export type AboutAppliance = Omit<Appliance, 'disk'>;

/**
 * Writes an appliance (DMTF DSP0243 1.1, OVF package as one file): a tar archive of descriptor, manifest and
 * streamOptimized disk, in this order. The same bytes from the same image.
 */
export async function writeOva(
  path: string,
  image: DiskContent,
  about: AboutAppliance,
): Promise<void> {
  const diskName = `${about.name}-disk1.vmdk`;
  const disk = temporaryName(dirname(path));
  try {
    await writeVmdkFile(disk, image, { type: 'streamOptimized', fileName: diskName });
    const { size } = await stat(disk);
    const ovf = encodeOvf({
      ...about,
      disk: {
        fileName: diskName,
        fileBytes: size,
        capacity: image.device.size,
        populated: extentBytes(image.extents),
      },
    });
    const sums = {
      [`${about.name}.ovf`]: createHash('sha256').update(ovf).digest('hex'),
      [diskName]: await fileSha256(disk),
    };
    const manifest = Object.entries(sums).map(([name, sum]) => `SHA256(${name})= ${sum}\n`);
    const archive = pack();
    const header = { mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) };
    archive.entry({ ...header, name: `${about.name}.ovf` }, ovf);
    archive.entry({ ...header, name: `${about.name}.mf` }, manifest.join(''));
    const written = pipeline(archive, createWriteStream(path));
    const entry = archive.entry({ ...header, name: diskName, size });
    const packed = pipeline(createReadStream(disk), entry).then(() => archive.finalize());
    await Promise.all([written, packed]);
  } finally {
    await rm(disk, { force: true });
  }
}

async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Throws `ova.drivers` (kind `recipe`) for a system that would find no disk or no network in the appliance's machine. */
export function assertApplianceDrivers(
  modules: readonly { readonly paths: readonly { readonly path: string }[] }[],
): void {
  const files = modules.flatMap(({ paths }) => paths.map(({ path }) => path));
  const missing = neededDrivers.filter(
    (name) => !files.some((path) => path.endsWith(`/${name}.ko`)),
  );
  if (missing.length === 0) return;
  const message = `--format ova: expected the drivers ${neededDrivers.join(' and ')} of its machine in the modules, found no ${missing.join(' and no ')}: add them to modules.drivers.drivers`;
  throw new TwinbankError('recipe', 'ova.drivers', message, { data: { missing } });
}
