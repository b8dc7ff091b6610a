import { readFile, rm, writeFile } from 'node:fs/promises';
import { runTool } from '../../../src/host/run-tool.ts';

const squashfsMagic = Buffer.from('hsqs');
const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);

/** Unpacks the squashfs of a layer into a folder, which is returned. */
export async function unpackLayer(file: string, folder: string): Promise<string> {
  const bytes = await readFile(file);
  const squashfs = `${folder}.sqfs`;
  await writeFile(squashfs, bytes.subarray(bytes.indexOf(squashfsMagic)));
  await runTool('unsquashfs', ['-no-progress', '-force', '-dest', folder, squashfs]);
  await rm(squashfs);
  return folder;
}

/** Packs a folder as a layer's squashfs is packed, but for the compressor. */
export async function packLayer(
  folder: string,
  file: string,
  compressor: readonly string[],
): Promise<void> {
  const same = ['-reproducible', '-mkfs-time', '0', '-all-time', '0', '-all-root', '-no-xattrs'];
  await runTool(
    'mksquashfs',
    [folder, file, ...same, '-b', '1M', ...compressor, '-noappend', '-no-exports', '-quiet'],
    { env: { SOURCE_DATE_EPOCH: undefined } },
  );
}

/** What a file of a bank holds, with no compression: a kernel, an initramfs, or a squashfs that only stores. */
export async function unpackedForm(file: string, folder: string): Promise<string> {
  const bytes = await readFile(file);
  const plain = `${folder}.plain`;
  const squashfs = bytes.indexOf(squashfsMagic);
  if (squashfs >= 0 && squashfs < 1024) {
    await packLayer(await unpackLayer(file, folder), plain, [
      '-noI',
      '-noId',
      '-noD',
      '-noF',
      '-noX',
    ]);
    await rm(folder, { recursive: true, force: true });
    return plain;
  }
  const xz = bytes.indexOf(xzMagic);
  // A kernel's payload has other bytes after it; an initramfs is all of its file.
  const input = xz >= 0 ? bytes.subarray(xz) : bytes;
  const [program, ...args] =
    xz >= 0
      ? ['xz', '--decompress', '--single-stream', '--stdout']
      : ['zstd', '--decompress', '--stdout'];
  const { stdout } = await runTool(program ?? '', args, { input });
  await writeFile(plain, stdout);
  return plain;
}
