import { TwinbankError } from '../../diagnostics/error.ts';
import { runTool } from '../../host/run-tool.ts';
import type { TreeEntry } from '../components/file-tree.ts';
import { findPackedKernel, replacePackedKernel } from './bzimage.ts';
import { dropBtf } from './drop-btf.ts';
import { btfInputs, type KernelSource } from './kernel-source.ts';
import type { ModulePlan, PlanContext } from './module.ts';

/** What modules that were built for just this kernel require: two kernels can be of one version. */
export function kernelClass(release: string): string {
  return `kernel-${release}`;
}

/** How Linux packs its own (`scripts/xz_wrap.sh`), but for the preset. One thread: its output is the same everywhere. */
const xz = ['xz', '-T1', '--check=crc32', '--x86', '--lzma2=preset=9e,dict=32MiB', '-c'] as const;
/** Without the name and the time. */
const gzip = ['gzip', '-9', '-n', '-c'] as const;

/** The Linux kernel, as Debian ships it, or without its BTF. */
export function planVmkernel({ kernel, components }: PlanContext): ModulePlan {
  return {
    name: 'vmkernel',
    fileName: 'vmkernel',
    version: kernel.image.version,
    components: kernel.components,
    inputs: {
      type: 'vmkernel',
      image: kernel.image.sha256,
      release: kernel.release,
      ...btfInputs(kernel),
    },
    tools: kernel.btf ? [] : [xz[0], gzip[0]],
    sonames: [],
    provides: [kernelClass(kernel.release)],
    build: async () => {
      const { data } = await readKernel(kernel);
      return { data: kernel.btf ? data : await packWithoutBtf(data, components.signal), paths: [] };
    },
  };
}

/**
 * The kernel without BTF, packed anew. It has to stay as long as it was, as the code that unpacks it stands behind it; gzip takes the
 * zeros out again. GRUB unpacks such a file when it starts it, and hashes it as it is.
 */
async function packWithoutBtf(image: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
  const options = signal ? { signal } : {};
  const pipe = async ([tool, ...args]: readonly string[], input: Uint8Array) =>
    (await runTool(tool ?? '', args, { input, ...options })).stdout;
  const place = findPackedKernel(image);
  const program = await pipe(['xz', '-d', '-c'], image.subarray(place.start, place.end - 4));
  const packed = await pipe(xz, dropBtf(program, 'kernel'));
  return pipe(gzip, replacePackedKernel(image, place, packed));
}

/** The kernel's file in its package. Throws `kernel.no-image` (kind `corrupt`). */
export async function readKernel(
  kernel: KernelSource,
): Promise<Extract<TreeEntry, { type: 'file' }>> {
  const path = `boot/vmlinuz-${kernel.release}`;
  const entry = (await kernel.tree()).get(path);
  if (entry?.type === 'file') return entry;
  throw new TwinbankError(
    'corrupt',
    'kernel.no-image',
    `${kernel.image.id} ${kernel.image.version}: expected the file ${path}, found ${entry?.type ?? 'none'}`,
  );
}
