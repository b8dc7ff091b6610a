import { type Diagnostic, diagnose } from './diagnostic.ts';
import { editKeys, editList, replaceList } from './list-edit.ts';
import { recipeListAt } from './recipe-list.ts';
import {
  emptyMap,
  entryAt,
  type ListTree,
  type MapTree,
  mergeMaps,
  type Path,
  type Place,
  type Tree,
} from './tree.ts';

/**
 * Lays the layers of a recipe over one another, the lowest first. Where the recipe has a list, a map of `add` and
 * `remove` changes the one below it, or the default where there is none.
 */
export function mergeLayers(
  layers: readonly MapTree[],
  place: Place,
): { tree: MapTree; problems: Diagnostic[] } {
  const problems: Diagnostic[] = [];
  // Of which type a module is may be said above the edit of one of its lists.
  const outline = layers.reduce((lower, upper) => mergeMaps(lower, upper), emptyMap(place));
  const typeOf = (path: Path): string | undefined => {
    const type = entryAt(outline, [...path, 'type'])?.value;
    return type?.kind === 'scalar' ? String(type.value) : undefined;
  };
  const editOver = (lower: Tree | undefined, upper: Tree, path: Path): Tree => {
    if (upper.kind === 'scalar') return upper;
    const list = recipeListAt(path, typeOf);
    if (!list) return upper;
    if (upper.kind === 'list') return replaceList(lower, withoutEdits(upper, path, problems));
    const { source } = upper.place;
    const edited = lower ?? defaultList(list.defaults ?? [], source.directory);
    // What is no list is told by whoever validates.
    if (edited.kind !== 'list') return edited;
    const result = editList(edited, upper, path);
    problems.push(...result.problems);
    return result.list;
  };
  const tree = layers.reduce((lower, upper) => mergeMaps(lower, upper, editOver), emptyMap(place));
  return { tree, problems };
}

/** A plain list; an edit among its values is told, and left out. */
function withoutEdits(list: ListTree, path: Path, problems: Diagnostic[]): ListTree {
  const items = list.items.filter((item, index) => {
    if (item.kind !== 'map' || !editKeys.some((key) => item.entries.has(key))) return true;
    const expected = `the whole list, or a map of ${editKeys.join(' and ')} in its place`;
    problems.push(diagnose(item.place, [...path, index], expected, 'both'));
    return false;
  });
  return { ...list, items };
}

function defaultList(values: readonly string[], directory: string): ListTree {
  const source = { kind: 'default', shown: 'default', directory } as const;
  const place = { source, line: null, column: null };
  const items = values.map((value): Tree => ({ kind: 'scalar', place, value, written: value }));
  return { kind: 'list', place, items };
}
