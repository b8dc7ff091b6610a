/**
 * Paths of modules and of all that they need, each once, in the order in which insmod can load them. `dependencies` is depmod's
 * `modules.dep` (kmod, depmod(8)): `PATH: PATHS`, where what stands further behind is needed first. Modules are named as the kernel names
 * them, with `_` in place of `-`; one that has no line is passed over: it is built in, or in the initramfs.
 */
export function moduleOrder(dependencies: string, modules: readonly string[]): string[] {
  const lines = new Map<string, readonly string[]>();
  for (const line of dependencies.split('\n')) {
    const [path = '', needed = ''] = line.split(':');
    lines.set(moduleName(path), [path, ...needed.split(' ').filter(Boolean)]);
  }
  const paths = modules.flatMap((module) => lines.get(moduleName(module))?.toReversed() ?? []);
  return [...new Set(paths)];
}

/** `kernel/drivers/ata/ata_piix.ko` is `ata_piix`. */
export function moduleName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.ko$/, '');
  return name.replaceAll('-', '_');
}
