import { emptyMap, type MapTree, type Source, type Tree } from './tree.ts';

/** The layer that `--oem` options lay over a recipe: its OEMs are just these paths, each blamed by its own option. */
export function oemTree(paths: readonly string[], directory: string): MapTree {
  const placeOf = (shown: string) => {
    const source: Source = { kind: 'oem', shown, directory };
    return { source, line: null, column: null };
  };
  const items = paths.map((path): Tree => {
    const written = `file:${path}`;
    return { kind: 'scalar', place: placeOf(`--oem ${path}`), value: written, written };
  });
  const place = placeOf('--oem');
  const list: Tree = { kind: 'list', place, items };
  return { ...emptyMap(place), entries: new Map([['oem', { key: place, value: list }]]) };
}
