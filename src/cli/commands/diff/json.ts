import type { Change } from '../../../compare/change.ts';
import type { SystemsComparison } from '../../../compare/compare.ts';
import type { FileChange, ListedFile } from '../../../compare/compare-files.ts';
import type { BankChange } from '../../../compare/compare-images.ts';
import type { RecipeChange } from '../../../compare/compare-recipes.ts';
import type { Described, DescribedBank, DescribedModule } from '../../../compare/described.ts';
import { unifiedDiff } from '../../../compare/unified-diff.ts';

/** Every document of `diff` has all members; those that the pair has nothing of are empty. */
const nothing = {
  disk: [],
  partitions: [],
  volumes: [],
  banks: [],
  facts: [],
  origins: [],
  trust: [],
  kernelOptions: { added: [], removed: [], moved: [] },
  modules: [],
  packages: [],
  files: [],
  unread: [],
  recipe: [],
};

export function systemsJson(a: Described, b: Described, found: SystemsComparison) {
  const { equal, image, system, files, unread } = found;
  const { facts, origins, trust, kernelOptions, modules, packages } = system;
  return {
    ...nothing,
    a: sideJson(a),
    b: sideJson(b),
    equal,
    disk: image?.disk ?? [],
    partitions: (image?.partitions ?? []).map(({ key, ...change }) => {
      return { number: Number(key), ...change };
    }),
    volumes: (image?.files ?? []).map(({ key: _, ...change }) => {
      const { place, path } = change.a ?? change.b ?? { place: '', path: '' };
      return { place, path, ...sides(change, ({ bytes, sha256 }) => ({ bytes, sha256 })) };
    }),
    banks: (image?.banks ?? []).map(bankJson),
    facts,
    kernelOptions,
    unread,
    origins: origins.map(({ key, ...change }) => ({ origin: key, ...change })),
    trust: trust.map(({ key, ...change }) => ({ keyId: key, ...change })),
    modules: modules.map(({ key, ...change }) => ({ name: key, ...sides(change, moduleJson) })),
    packages: packages.map(({ key, ...change }) => ({ name: key, ...change })),
    files: files.map(fileJson),
  };
}

export function recipesJson(a: Described, b: Described, recipe: readonly RecipeChange[]) {
  return { ...nothing, a: sideJson(a), b: sideJson(b), equal: recipe.length === 0, recipe };
}

function sideJson(side: Described) {
  const { kind, path } = side;
  if (side.kind === 'recipe') return { kind, path };
  const { product, version, build } = side.system;
  if (side.kind === 'bundle') return { kind, path, product, version, build, from: side.from };
  const { format, size, bank, problems } = side;
  return { kind, path, product, version, build, format, size, bank, problems };
}

function sides<T, J>({ change, a, b }: Change<T>, json: (one: T) => J) {
  return { change, a: a && json(a), b: b && json(b) };
}

function moduleJson({ files, ...module }: DescribedModule) {
  return { ...module, files: files.length };
}

function bankJson({ partition, fields, counted, modules, ...change }: BankChange) {
  const about = ({ system: _, partition: __, ...bank }: DescribedBank) => bank;
  return { partition, ...sides(change, about), fields, counted, modules };
}

function fileJson({ module, path, fields, ...change }: FileChange) {
  const about = ({ path: _, text: __, ...file }: ListedFile) => file;
  const lines = diffOf(change);
  return { module, path, ...sides(change, about), fields, ...(lines && { diff: lines }) };
}

/** The lines that differ, where both sides are texts whose content was kept. */
export function diffOf({ a, b }: Change<ListedFile>): string[] | undefined {
  if (a?.text === undefined || b?.text === undefined || a.text === b.text) return undefined;
  return unifiedDiff(a.text, b.text);
}
