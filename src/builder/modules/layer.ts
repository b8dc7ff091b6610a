import { encodeNewc } from '../../disk/newc.ts';
import type { Layer } from '../../recipe/module-schema.ts';
import type { ComponentContext } from '../components/component.ts';
import { addEntry, type FileTree, sortedEntries, withParents } from '../components/file-tree.ts';
import {
  encodeInventory,
  type InventorySources,
  inventoryPath,
  type ModuleInventory,
  takeInventory,
} from '../inventory/inventory.ts';
import { assembleSquashfs } from '../squashfs/assemble.ts';
import { cachedBlocks } from '../squashfs/pack-blocks.ts';
import { type ModuleContent, pathsOf } from './module.ts';
import { defaultLevel, makeSquashfs } from './squashfs.ts';

/** Raised whenever the same tree would give other bytes than before; part of every layer's key. */
const layerFormat = 3;

/** A layer of a tree, with its inventory in it. */
export async function makeLayer(
  name: string,
  tree: FileTree,
  layer: Layer,
  sources: InventorySources,
  scratch: string,
  signal?: AbortSignal,
): Promise<ModuleContent> {
  const { whole, inventory } = withInventory(name, tree, sources);
  const data = await packLayer(name, whole, layer, scratch, signal);
  return { data, paths: pathsOf(whole), inventory };
}

/**
 * A layer as the bank holds it: a newc archive with just `modules/NAME.sqfs`, so that the kernel, which
 * unpacks it into the initramfs, keeps the compressed bytes and init mounts them.
 */
export async function packLayer(
  name: string,
  tree: FileTree,
  layer: Layer,
  scratch: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const whole: FileTree = new Map(sortedEntries(withParents(tree)));
  return layerFile(name, await makeSquashfs(whole, layer, scratch, signal));
}

function layerFile(name: string, squashfs: Uint8Array): Uint8Array {
  const archive: FileTree = new Map([
    ['modules', { type: 'directory', mode: 0o755 }],
    [`modules/${name}.sqfs`, { type: 'file', mode: 0o644, data: squashfs }],
  ]);
  return encodeNewc(archive);
}

/**
 * The same of zstd blocks, put together from those that the cache has: what is in one of `parts` shares no block with the rest,
 * so that a change in the rest leaves them as they are (squashfs/assemble.ts).
 */
export async function makeLayerOfParts(
  name: string,
  { tree, parts, layer }: { tree: FileTree; parts: readonly FileTree[]; layer: Layer },
  sources: InventorySources,
  scratch: string,
  components: ComponentContext,
): Promise<ModuleContent> {
  const { whole, inventory } = withInventory(name, tree, sources);
  const { blockSize, level = defaultLevel } = layer;
  const pack = cachedBlocks(layer, scratch, components);
  const squashfs = await assembleSquashfs(whole, { blockSize, level, parts, pack });
  return { data: layerFile(name, squashfs), paths: pathsOf(whole), inventory };
}

/** A tree in order, with the folders that its paths imply, and with the inventory of it and of `others`. */
export function withInventory(
  name: string,
  tree: FileTree,
  sources: InventorySources,
  others: readonly ModuleInventory[] = [],
): { whole: FileTree; inventory: readonly ModuleInventory[] } {
  const listed = new Map(sortedEntries(tree));
  const inventory = [takeInventory(name, listed, sources, inventoryPath(name)), ...others];
  const file = { type: 'file', mode: 0o644, data: encodeInventory(inventory) } as const;
  addEntry(listed, inventoryPath(name), file);
  return { whole: new Map(sortedEntries(withParents(listed))), inventory };
}

/** The same for {@link makeLayerOfParts}. */
const assembledFormat = 1;

/** The packing options of a layer of parts in the form that a key holds. */
export function layerOfPartsInputs(layer: Layer): { [key: string]: string | number } {
  return { ...layerInputs(layer), assembled: assembledFormat };
}

/** The recipe's packing options in the form that a key holds. */
export function layerInputs(layer: Layer): { [key: string]: string | number } {
  return { format: layerFormat, ...layer, level: layer.level ?? 0 };
}
