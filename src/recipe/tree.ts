/** One text that sets values: a recipe file, one `--set` or `--oem` option, or the schema's defaults. */
export interface Source {
  kind: 'file' | 'set' | 'oem' | 'default';
  /** How people know it: a path as given or relative to the working directory, or `--set a=b`. */
  shown: string;
  /** Absolute directory that relative `file:` paths start from. */
  directory: string;
}

/** A spot in a source; lines and columns count from 1. An option has neither. */
export interface Place {
  source: Source;
  line: number | null;
  column: number | null;
}

export type Scalar = string | number | boolean | null;

/** YAML's values with the place that set each, so that a message can point there after any merging. */
export type Tree =
  | { kind: 'map'; place: Place; entries: Map<string, Entry> }
  | {
      kind: 'list';
      place: Place;
      items: Tree[];
      /** What layers have taken out of it. */
      gone?: readonly GoneValue[];
    }
  | { kind: 'scalar'; place: Place; value: Scalar; written: string };

/** A value that a lower layer's list had. */
export interface GoneValue {
  value: string;
  /** Where it was taken away. */
  by: Place;
  /** By a whole list in its place, which may not have meant it. */
  whole: boolean;
}

export type MapTree = Extract<Tree, { kind: 'map' }>;
export type ListTree = Extract<Tree, { kind: 'list' }>;
export interface Entry {
  key: Place;
  value: Tree;
}

/** Keys and list indexes from the top. */
export type Path = readonly (string | number)[];

/** What stands at a path once `upper` is laid over `lower`; returns `upper` where the rules of maps hold. */
type LayOver = (lower: Tree | undefined, upper: Tree, path: Path) => Tree;

/**
 * Lays `upper` over `lower`: maps merge by key, and keep the order of `lower`; lists and scalars
 * replace; a null in a map takes the entry away, and leaves no trace where there is none. `layOver` may say
 * something else for some paths.
 */
export function mergeMaps(
  lower: MapTree,
  upper: MapTree,
  layOver: LayOver = (_, value) => value,
  path: Path = [],
): MapTree {
  const entries = new Map(lower.entries);
  for (const [key, { key: place, value }] of upper.entries) {
    if (value.kind === 'scalar' && value.value === null) {
      entries.delete(key);
      continue;
    }
    const below = entries.get(key)?.value;
    const at = [...path, key];
    const laid = layOver(below, value, at);
    const merged =
      laid.kind === 'map'
        ? mergeMaps(below?.kind === 'map' ? below : emptyMap(laid.place), laid, layOver, at)
        : laid;
    entries.set(key, { key: place, value: merged });
  }
  return { kind: 'map', place: upper.place, entries };
}

export function emptyMap(place: Place): MapTree {
  return { kind: 'map', place, entries: new Map() };
}

/** The values alone, as zod takes them. */
export function plainValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(plainValue);
  return Object.fromEntries(
    [...tree.entries].map(([key, entry]) => [key, plainValue(entry.value)]),
  );
}

/** What is at `path`, and the place of its key or item; undefined where there is nothing. */
export function entryAt(tree: Tree, path: Path): Entry | undefined {
  let entry: Entry | undefined = { key: tree.place, value: tree };
  for (const part of path) {
    const value: Tree | undefined = entry?.value;
    if (value?.kind === 'map') entry = value.entries.get(String(part));
    else if (value?.kind === 'list') entry = itemEntry(value.items[Number(part)]);
    else return undefined;
  }
  return entry;
}

function itemEntry(item: Tree | undefined): Entry | undefined {
  return item && { key: item.place, value: item };
}

/** The entry at the longest beginning of `path` that is there; the tree itself at least. */
export function nearestEntry(tree: Tree, path: Path): Entry & { path: Path } {
  for (let length = path.length; length > 0; length--) {
    const entry = entryAt(tree, path.slice(0, length));
    if (entry) return { ...entry, path: path.slice(0, length) };
  }
  return { key: tree.place, value: tree, path: [] };
}

/** `modules.vmm.firmware[0]`; keys that are no plain words in quotes. */
export function pathText(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const key = /^[\w-]+$/.test(part) && part.length <= 60 ? part : JSON.stringify(short(part));
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}

/** At most `most` characters of `text`, for one line of a message. */
export function short(text: string, most = 60): string {
  const characters = [...text.slice(0, 4 * most)];
  return characters.length > most ? `${characters.slice(0, most - 3).join('')}...` : text;
}
