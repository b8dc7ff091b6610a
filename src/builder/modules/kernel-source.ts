import { TwinbankError } from '../../diagnostics/error.ts';
import type { ComponentRef } from '../../recipe/component-ref.ts';
import type { ComponentContext, Resolved } from '../components/component.ts';
import { resolveDependency } from '../components/deb-resolve.ts';
import type { FileTree } from '../components/file-tree.ts';
import { readComponent, resolveComponents } from '../components/sources.ts';

/** The kernel package that `vmkernel`, the initramfs and the drivers are all taken from. */
export interface KernelSource {
  /** The metapackage too, where there is one. */
  readonly components: readonly Resolved[];
  readonly image: Resolved;
  /** What `uname -r` says: `6.1.0-56-amd64`. */
  readonly release: string;
  /** Kernel and modules keep their type information (BTF). */
  readonly btf: boolean;
  /** The kernel and all its modules as the package has them, about 400 MB, read once and only when someone asks. */
  tree(): Promise<FileTree>;
}

const imageName = /^linux-image-([0-9].*)$/;

/** Finds the real kernel package behind a reference such as `deb:linux-image-amd64`. */
export async function findKernel(
  { from: ref, btf }: { readonly from: ComponentRef; readonly btf: boolean },
  context: ComponentContext,
): Promise<KernelSource> {
  const [named] = await resolveComponents([ref], context);
  if (!named) throw new TwinbankError('internal', 'kernel.lost', 'kernel.from resolved to nothing');
  const image = imageName.test(named.name)
    ? named
    : await resolveDependency(named, imageName, context);
  const release = imageName.exec(image.name)?.[1] ?? '';
  let tree: Promise<FileTree> | undefined;
  return {
    components: image === named ? [image] : [named, image],
    image,
    release,
    btf,
    tree: () => {
      tree ??= readComponent(image, isWanted, context);
      return tree;
    },
  };
}

function isWanted(path: string): boolean {
  return path.startsWith('boot/vmlinuz-') || path.startsWith('usr/lib/modules/');
}

/** What a module's key has to say of a kernel whose BTF is left out; nothing where it is not. */
export function btfInputs({ btf }: Pick<KernelSource, 'btf'>): { readonly btf?: 'none, 1' } {
  return btf ? {} : { btf: 'none, 1' };
}
