import type { Layer } from '../recipe/module-schema.ts';
import type { FirmwarePackage, ToolsPackage } from '../recipe/store-schema.ts';
import type { ComponentContext, Resolved } from './components/component.ts';
import { getOrBuild, type Json } from './components/derived.ts';
import { sha256 } from './components/digest.ts';
import { addEntry, type FileTree, sortedEntries, withParents } from './components/file-tree.ts';
import { fetchComponents } from './components/sources.ts';
import { storeInventoryPath } from './inventory/describe-archive.ts';
import { describePackages } from './inventory/describe-packages.ts';
import { encodeInventory, inventoryInputs, takeInventory } from './inventory/inventory.ts';
import { ownPackage } from './inventory/own-package.ts';
import { layerInputs } from './modules/layer.ts';
import { makeSquashfs } from './modules/squashfs.ts';
import { plainName, type StorePackagePlan } from './store-package.ts';
import { toolVersion } from './tool-version.ts';

export interface PackedDraft {
  readonly entry: FirmwarePackage | ToolsPackage;
  readonly version: string;
  readonly components: readonly Resolved[];
  readonly inputs: Json;
  /** Beside mksquashfs. */
  readonly tools: readonly string[];
  read(scratch: string): Promise<FileTree>;
  readonly context: ComponentContext;
}

/** Raised whenever the same inputs would give other bytes than before; part of each package's key. */
const packedFormat = 1;

/** A package that is one squashfs, with its inventory in it. */
export async function planPacked(draft: PackedDraft): Promise<StorePackagePlan> {
  const { entry, version, components, context } = draft;
  const { packages, copyrights } = await describePackages(components, context);
  const sources = { own: ownPackage(), packages };
  return {
    components: [...components, ...copyrights],
    build: async () => {
      const tools = [...draft.tools, 'mksquashfs'].map((tool) => toolVersion(tool, context));
      const inputs = [draft.inputs, layerInputs(entry.layer), inventoryInputs(sources)];
      const key = sha256(
        JSON.stringify(['store', packedFormat, entry.name, inputs, await Promise.all(tools)]),
      );
      const started = performance.now();
      const built = await getOrBuild(context.cache, key, async (scratch) => {
        await fetchComponents(components, context);
        context.report({ type: 'note', text: `building ${entry.name} (${version})` });
        const data = await pack(await draft.read(scratch), entry.layer, scratch);
        return { data, meta: null };
      });
      const seconds = (performance.now() - started) / 1000;
      context.report({ type: 'done', task: entry.name, seconds, cached: built.cached });
      const { bytes, path, sha256: hash } = built;
      const name = `${plainName(`${entry.name}_${version}`).slice(0, 80)}.sqfs`;
      return { id: entry.name, type: entry.type, version, name, bytes, path, sha256: hash };
    },
  };

  function pack(tree: FileTree, layer: Layer, scratch: string): Promise<Uint8Array> {
    const listed: FileTree = new Map(sortedEntries(tree));
    const inventory = takeInventory(entry.name, listed, sources, storeInventoryPath);
    const data = encodeInventory([inventory]);
    addEntry(listed, storeInventoryPath, { type: 'file', mode: 0o644, data });
    const whole: FileTree = new Map(sortedEntries(withParents(listed)));
    return makeSquashfs(whole, layer, scratch, context.signal);
  }
}
