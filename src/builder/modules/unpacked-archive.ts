import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { unpackedRange } from '../components/decompress.ts';
import { isNewc } from './read-newc.ts';

/** What a compressed initramfs begins with, and what its host program calls it. */
const compressions = [
  { ending: 'zst', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { ending: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { ending: 'gz', magic: [0x1f, 0x8b] },
] as const;

/** No initramfs unpacks to more. */
const maxInitramfs = 2 ** 28;

/**
 * The newc archive that a module is, or is compressed; undefined for what is neither, such as the kernel. Throws kind
 * `corrupt` for what is damaged, and `compare.unpacked` for what unpacks to more than any initramfs.
 */
export async function unpackedArchive(
  module: Uint8Array,
  { scratch, signal }: { scratch: string; signal?: AbortSignal | undefined },
): Promise<Uint8Array | undefined> {
  if (isNewc(module)) return module;
  const packing = compressions.find(({ magic }) => magic.every((one, at) => module[at] === one));
  if (!packing) return undefined;
  const path = join(scratch, 'initramfs');
  await writeFile(path, module);
  // The file is padded with zeros to a multiple of 4, which zstd takes for damage. Its last byte may be one, too.
  for (let padding = 0; ; padding++) {
    const size = module.length - padding;
    try {
      return await collect(
        unpackedRange(path, { name: `.${packing.ending}`, offset: 0, size }, signal),
      );
    } catch (error) {
      const isPadded = padding < 3 && module[size - 1] === 0;
      if (!isPadded || !(error instanceof TwinbankError) || error.kind !== 'corrupt') throw error;
    }
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    all.push(chunk);
    if (bytes <= maxInitramfs) continue;
    const message = `initramfs: expected at most ${maxInitramfs} bytes unpacked, found more`;
    throw new TwinbankError('corrupt', 'compare.unpacked', message);
  }
  return Buffer.concat(all);
}
