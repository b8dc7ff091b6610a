import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImageFile } from '../../src/builder/bank.ts';
import { filesOf, type ImageParts } from '../../src/builder/compose.ts';
import type { PlannedPartition } from '../../src/builder/layout.ts';
import { emptyCoredump, encodeCoredumpHeader } from '../../src/disk/coredump-header.ts';
import { planFat16 } from '../../src/disk/fat/geometry.ts';
import { runTool } from '../../src/host/run-tool.ts';

/** What genimage makes of the same parts, and how it is called. */
export interface Genimage {
  readonly image: string;
  run(): Promise<void>;
  reset(): Promise<void>;
}

/**
 * Writes genimage's configuration for an image's parts: the same partitions with the same sizes, types,
 * names and GUIDs in the same order, the same files in FAT16 volumes with the same cluster size, the same boot
 * code and core image. What it cannot do: it numbers partitions in the order of the disk (1-6 instead of
 * 14, 1, 5-8), and it has no bank marks. Files that we have in memory are given to it as files.
 */
export async function prepareGenimage(parts: ImageParts, folder: string): Promise<Genimage> {
  const input = join(folder, 'input');
  await mkdir(input, { recursive: true });
  await mkdir(join(folder, 'root'));
  const put = async (name: string, data: Uint8Array): Promise<string> => {
    const path = join(input, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, data);
    return path;
  };
  const volumes: string[] = [];
  const partitions: string[] = [];
  for (const partition of parts.layout.partitions) {
    const { name, role, type, guid, start, size } = partition;
    let image = `${name}.vfat`;
    const files = filesOf(partition, parts);
    if (files) volumes.push(await volume(partition, files, put));
    else if (role === 'bios-boot') image = await put('core.img', parts.loader.coreImage);
    else image = await put('coredump.img', encodeCoredumpHeader(emptyCoredump));
    partitions.push(
      section(`partition ${name}`, [
        `image = ${JSON.stringify(image)}`,
        `offset = ${start}`,
        `size = ${size}`,
        `partition-type-uuid = ${type}`,
        `partition-uuid = ${guid}`,
      ]),
    );
  }
  const boot = await put('boot.img', parts.loader.bootCode);
  const disk = section('image disk.img', [
    section('hdimage', [
      'partition-table-type = gpt',
      `disk-uuid = ${parts.layout.diskGuid}`,
      'align = 512',
      'fill = true',
    ]),
    `size = ${parts.layout.size}`,
    section('partition boot', [
      'in-partition-table = false',
      'offset = 0',
      `image = ${JSON.stringify(boot)}`,
    ]),
    ...partitions,
  ]);
  const config = await put('genimage.cfg', Buffer.from(`${[...volumes, disk].join('\n')}\n`));
  const [output, temporary] = [join(folder, 'images'), join(folder, 'tmp')];
  const places = ['--rootpath', join(folder, 'root'), '--tmppath', temporary, '--inputpath', input];
  return {
    image: join(output, 'disk.img'),
    run: async () => {
      await runTool('genimage', ['--config', config, ...places, '--outputpath', output]);
    },
    reset: async () => {
      for (const made of [output, temporary]) await rm(made, { recursive: true, force: true });
    },
  };
}

async function volume(
  { name, size }: PlannedPartition,
  files: readonly ImageFile[],
  put: (name: string, data: Uint8Array) => Promise<string>,
): Promise<string> {
  const { sectorsPerCluster } = planFat16(size);
  const entries: string[] = [];
  for (const file of files) {
    const path = 'data' in file ? await put(`${name}/${file.name}`, file.data) : file.path;
    entries.push(section(`file ${JSON.stringify(file.name)}`, [`image = ${JSON.stringify(path)}`]));
  }
  return section(`image ${name}.vfat`, [
    section('vfat', [`extraargs = "-F 16 -s ${sectorsPerCluster}"`, ...entries]),
    `size = ${size}`,
    'temporary = true',
  ]);
}

function section(name: string, lines: readonly string[]): string {
  return `${name} {\n${lines.join('\n').replaceAll(/^/gm, '  ')}\n}`;
}
