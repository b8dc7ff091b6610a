import type { Layer } from '../../recipe/module-schema.ts';
import { type FileTree, sortedEntries, withParents } from '../components/file-tree.ts';
import { type ModulePath, pathsOf } from './module.ts';
import { encodeNewc } from './newc.ts';
import { makeSquashfs } from './squashfs.ts';

/** Raised whenever the same tree would give other bytes than before; part of every layer's key. */
export const layerFormat = 3;

/**
 * A layer as the bank holds it: a newc archive with just `modules/NAME.sqfs`, so that the kernel, which
 * unpacks it into the initramfs, keeps the compressed bytes and init mounts them.
 */
export async function makeLayer(
  name: string,
  tree: FileTree,
  layer: Layer,
  scratch: string,
  signal?: AbortSignal,
): Promise<{ data: Uint8Array; paths: readonly ModulePath[] }> {
  const whole: FileTree = new Map(sortedEntries(withParents(tree)));
  const squashfs = await makeSquashfs(whole, layer, scratch, signal);
  const archive: FileTree = new Map([
    ['modules', { type: 'directory', mode: 0o755 }],
    [`modules/${name}.sqfs`, { type: 'file', mode: 0o644, data: squashfs }],
  ]);
  return { data: encodeNewc(archive), paths: pathsOf(whole) };
}

/** The recipe's packing options in the form that a key holds. */
export function layerInputs(layer: Layer): { [key: string]: string | number } {
  return { format: layerFormat, ...layer, level: layer.level ?? 0 };
}
