import { entryAt, type Path, pathText, type Tree } from './tree.ts';

/** What set a value: a line of a file (`file` as people know it), an option, or the schema. */
export type Origin =
  | { from: 'file'; file: string; line: number; column: number }
  | { from: 'set'; option: string }
  | { from: 'default' };

/** By path, such as `bank.size` and `disk.order[0]`; each leaf of a recipe's text form has one. */
export type Origins = ReadonlyMap<string, Origin>;

/** A leaf of a recipe in text form: what is neither a map nor a list, or an empty one. */
export function leaves(value: unknown, path: Path = []): [Path, unknown][] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((item, index) => leaves(item, [...path, index]));
  }
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, item]) => leaves(item, [...path, key]));
  }
  return [[path, value]];
}

/** The origin of each leaf of `data` (a recipe in text form) in the tree it was resolved from. */
export function findOrigins(data: unknown, tree: Tree): Origins {
  return new Map(leaves(data).map(([path]) => [pathText(path), originAt(tree, path)]));
}

function originAt(tree: Tree, path: Path): Origin {
  const place = entryAt(tree, path)?.value.place;
  if (!place || place.source.kind === 'default') return { from: 'default' };
  if (place.line === null || place.column === null) {
    return { from: 'set', option: place.source.shown };
  }
  return { from: 'file', file: place.source.shown, line: place.line, column: place.column };
}

/** `recipes/default.yaml:12`, `--set` or `default`. */
export function originText(origin: Origin): string {
  if (origin.from === 'file') return `${origin.file}:${origin.line}`;
  return origin.from === 'set' ? '--set' : 'default';
}
