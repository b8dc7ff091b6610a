import { TwinbankError } from '../../diagnostics/error.ts';
import type { TreeEntry } from '../components/file-tree.ts';
import type { KernelSource } from './kernel-source.ts';
import type { ModulePlan, PlanContext } from './module.ts';

/** What modules that were built for just this kernel require: two kernels can be of one version. */
export function kernelClass(release: string): string {
  return `kernel-${release}`;
}

/** The Linux kernel, as Debian ships it. */
export function planVmkernel({ kernel }: PlanContext): ModulePlan {
  return {
    name: 'vmkernel',
    fileName: 'vmkernel',
    version: kernel.image.version,
    components: kernel.components,
    inputs: { type: 'vmkernel', image: kernel.image.sha256, release: kernel.release },
    tools: [],
    sonames: [],
    provides: [kernelClass(kernel.release)],
    build: async () => ({ data: (await readKernel(kernel)).data, paths: [] }),
  };
}

/** The kernel's file. Throws `kernel.no-image` (kind `corrupt`). */
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
