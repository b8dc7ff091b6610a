import * as z from 'zod';
import { TwinbankError } from '../../diagnostics/error.ts';
import { readObject } from '../components/cache.ts';
import type { ComponentContext } from '../components/component.ts';
import { getOrBuild } from '../components/derived.ts';
import { sha256 } from '../components/digest.ts';
import { dropBtf } from './drop-btf.ts';
import {
  closeOverNeeds,
  indexModules,
  type KernelModule,
  type ModuleIndex,
  moduleName,
  parseBuiltin,
  vermagicOf,
} from './kernel-modules.ts';
import type { KernelSource } from './kernel-source.ts';

/** The kernel's modules, and the function that closes a list of them over what they need. */
export interface KernelModules {
  readonly index: ModuleIndex;
  /** Names of those that are built into the kernel. */
  readonly builtin: ReadonlySet<string>;
  /** What every module of it says of how it was built; undefined of a kernel without modules. */
  readonly vermagic: string | undefined;
  /** Throws `drivers.unknown`, as {@link closeOverNeeds} does. */
  close(wanted: readonly string[], place: (index: number) => string): string[];
  /** Those of these names with their bytes, in that order; others are passed over. Reads the whole kernel for any. */
  read(names: readonly string[]): Promise<(readonly [name: string, module: KernelModule])[]>;
}

/** Raised whenever the same kernel would give another index than before. */
const format = 1;

const indexForm = z.object({
  modules: z.array(z.tuple([z.string(), z.array(z.string())])),
  builtin: z.string(),
  vermagic: z.string().optional(),
});

/** Of kernels that were found in this process: initramfs, drivers and every OEM ask for the same index. */
const known = new WeakMap<KernelSource, Promise<KernelModules>>();

/** The modules of a kernel, read once. Throws as {@link readIndex} does. */
export function readModules(
  kernel: KernelSource,
  components: ComponentContext,
): Promise<KernelModules> {
  const reading = known.get(kernel) ?? readIndex(kernel, components);
  known.set(kernel, reading);
  return reading;
}

/**
 * The index of a kernel's modules, from the cache where it has one: a package of 400 MB takes ten seconds of processor
 * time to unpack and to read, too long to learn that a driver's name was mistyped.
 */
async function readIndex(
  kernel: KernelSource,
  { cache }: ComponentContext,
): Promise<KernelModules> {
  const key = sha256(JSON.stringify({ type: 'kernel-index', format, image: kernel.image.sha256 }));
  const made = await getOrBuild(cache, key, async () => {
    const text = JSON.stringify(await describeModules(kernel));
    return { data: Buffer.from(text), meta: null };
  });
  const bytes = await readObject(cache, made.sha256);
  const { modules, builtin, vermagic } = indexForm.parse(JSON.parse(bytes.toString()));
  const index = new Map(modules.map(([path, needs]) => [moduleName(path), { path, needs }]));
  const names = parseBuiltin(builtin);
  return {
    index,
    builtin: names,
    vermagic,
    close: (wanted, place) => closeOverNeeds(wanted, index, names, place),
    read: async (wanted) => {
      const known = wanted.filter((name) => index.has(name));
      if (known.length === 0) return [];
      const tree = await kernel.tree();
      return known.flatMap((name) => {
        const found = index.get(name);
        const entry = found && tree.get(found.path);
        if (!found || entry?.type !== 'file') return [];
        const data = kernel.btf ? entry.data : dropBtf(entry.data, 'module');
        return [[name, { ...found, data, from: entry.from }] as const];
      });
    },
  };
}

async function describeModules(kernel: KernelSource): Promise<z.input<typeof indexForm>> {
  const tree = await kernel.tree();
  const path = `usr/lib/modules/${kernel.release}/modules.builtin`;
  const builtin = tree.get(path);
  if (builtin?.type !== 'file') {
    throw new TwinbankError(
      'corrupt',
      'kernel.no-modules',
      `${kernel.image.id} ${kernel.image.version}: expected ${path}, found none`,
    );
  }
  const modules = [...indexModules(tree).values()];
  const first = modules[0] && tree.get(modules[0].path);
  const vermagic = first?.type === 'file' ? vermagicOf(first.data) : undefined;
  return {
    modules: modules.map(({ path: file, needs }) => [file, [...needs]]),
    builtin: Buffer.from(builtin.data).toString(),
    ...(vermagic !== undefined && { vermagic }),
  };
}
