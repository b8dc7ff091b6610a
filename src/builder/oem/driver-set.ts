import { join } from 'node:path';
import { readObject } from '../components/cache.ts';
import type { ComponentContext } from '../components/component.ts';
import { getOrBuild, type Json } from '../components/derived.ts';
import { sha256 } from '../components/digest.ts';
import type { EntryOrigin, FileTree } from '../components/file-tree.ts';
import { runDepmod } from '../modules/drivers.ts';
import { type KernelModule, readFirmware } from '../modules/kernel-modules.ts';
import type { KernelSource } from '../modules/kernel-source.ts';
import { toolVersion } from '../tool-version.ts';

/** A driver and the firmware files that it asks for, below /lib/firmware. */
export type DriverFirmware = { readonly driver: string; readonly files: readonly string[] };

/** The kernel modules of an OEM as its layer has them, with their indexes. */
export interface DriverSet {
  readonly tree: FileTree;
  /** Of drivers that ask for any. */
  readonly firmware: readonly DriverFirmware[];
}

type Meta = {
  readonly files: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly from: EntryOrigin | null;
  }[];
  readonly firmware: readonly DriverFirmware[];
};

interface DriverSetPlan {
  /** Where they lie, without a slash at the end. */
  readonly folder: string;
  /** All that the set depends on. */
  readonly inputs: Json;
  readonly kernel: KernelSource;
  /** The modules by name, each after those that it needs. Reads the kernel, which takes seconds. */
  read(): Promise<(readonly [name: string, module: KernelModule])[]>;
}

/**
 * A set from the cache, or made: so that a layer is packed anew without reading all of a kernel, when only its
 * other files have changed.
 */
export async function driverSet(
  { folder, inputs, kernel, read }: DriverSetPlan,
  components: ComponentContext,
): Promise<DriverSet> {
  const tools = [await toolVersion('depmod', components)];
  const key = sha256(JSON.stringify({ type: 'oem-drivers', format: 2, folder, inputs, tools }));
  const made = await getOrBuild<Meta>(components.cache, key, async (scratch) => {
    const modules = await read();
    const files: Pick<KernelModule, 'path' | 'data' | 'from'>[] = modules.map(
      ([name, { data, from }]) => ({ path: `${folder}/${name}.ko`, data, from }),
    );
    const indexes = await runDepmod(files, kernel, join(scratch, 'depmod'));
    for (const [name, data] of indexes) files.push({ path: `${folder}/${name}`, data });
    const firmware = modules.flatMap(([driver, { data }]) => {
      const asked = readFirmware(data);
      return asked.length > 0 ? [{ driver, files: asked }] : [];
    });
    return {
      data: Buffer.concat(files.map(({ data }) => data)),
      meta: {
        files: files.map(({ path, data, from = null }) => ({ path, bytes: data.length, from })),
        firmware,
      },
    };
  });
  const all = await readObject(components.cache, made.sha256);
  const tree: FileTree = new Map();
  let at = 0;
  for (const { path, bytes, from } of made.meta.files) {
    const data = all.subarray(at, at + bytes);
    tree.set(path, { type: 'file', mode: 0o644, data, from: from ?? undefined });
    at += bytes;
  }
  return { tree, firmware: made.meta.firmware };
}
