import { join } from 'node:path';
import { cachedTree } from '../components/cached-tree.ts';
import type { ComponentContext } from '../components/component.ts';
import type { Json } from '../components/derived.ts';
import type { FileTree } from '../components/file-tree.ts';
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
  const key = { type: 'oem-drivers', format: 3, folder, inputs, tools };
  const { tree, meta } = await cachedTree(key, components, async (scratch) => {
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
    const set: FileTree = new Map(
      files.map(({ path, data, from }) => [path, { type: 'file', mode: 0o644, data, from }]),
    );
    return { tree: set, meta: firmware };
  });
  return { tree, firmware: meta };
}
