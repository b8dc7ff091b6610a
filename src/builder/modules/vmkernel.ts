import { TwinbankError } from '../../diagnostics/error.ts';
import type { ModulePlan, PlanContext } from './module.ts';

/** What modules that were built for just this kernel require: two kernels can be of one version. */
export function kernelClass(release: string): string {
  return `kernel-${release}`;
}

/** The Linux kernel, as Debian ships it. */
export function planVmkernel({ kernel }: PlanContext): ModulePlan {
  const path = `boot/vmlinuz-${kernel.release}`;
  return {
    name: 'vmkernel',
    fileName: 'vmkernel',
    version: kernel.image.version,
    components: kernel.components,
    inputs: { type: 'vmkernel', image: kernel.image.sha256, release: kernel.release },
    tools: [],
    sonames: [],
    provides: [kernelClass(kernel.release)],
    build: async () => {
      const entry = (await kernel.tree()).get(path);
      if (entry?.type !== 'file') {
        throw new TwinbankError(
          'corrupt',
          'kernel.no-image',
          `${kernel.image.id} ${kernel.image.version}: expected the file ${path}, found ${entry?.type ?? 'none'}`,
        );
      }
      return { data: entry.data, paths: [] };
    },
  };
}
