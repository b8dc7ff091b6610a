import * as z from 'zod';
import { readObject } from '../components/cache.ts';
import type { ComponentContext } from '../components/component.ts';
import { getOrBuild } from '../components/derived.ts';
import { sha256 } from '../components/digest.ts';
import type { KernelModules } from './kernel-index.ts';
import { readFirmware } from './kernel-modules.ts';
import type { KernelSource } from './kernel-source.ts';

/** Raised whenever the same kernel would give another answer than before. */
const format = 1;

const askedForm = z.array(z.object({ driver: z.string(), files: z.array(z.string()) }));

/**
 * What drivers of the kernel ask for below /lib/firmware, those that ask for nothing left out. Remembered: to know it is
 * to read the whole kernel.
 */
export async function askedFirmware(
  kernel: KernelSource,
  source: KernelModules,
  names: readonly string[],
  { cache }: ComponentContext,
): Promise<z.output<typeof askedForm>> {
  const what = { type: 'asked-firmware', format, image: kernel.image.sha256, names };
  const made = await getOrBuild(cache, sha256(JSON.stringify(what)), async () => {
    const asked = (await source.read(names)).flatMap(([driver, { data }]) => {
      const files = readFirmware(data);
      return files.length > 0 ? [{ driver, files }] : [];
    });
    return { data: Buffer.from(JSON.stringify(asked)), meta: null };
  });
  return askedForm.parse(JSON.parse((await readObject(cache, made.sha256)).toString()));
}
