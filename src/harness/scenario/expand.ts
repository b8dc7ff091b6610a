import type { MapTree, Path, Tree } from '../../recipe/tree.ts';
import type { Place } from '../report/run-event.ts';

/** Values of `${name}`, by name. */
export type Values = Readonly<Record<string, string | number | boolean>>;

/** A problem at a tree; `path` as messages show it. */
export type Complain = (
  at: Tree,
  path: Path,
  expected: string,
  found: string,
  candidates?: readonly string[],
) => void;

const placeholder = /\$\{([^}]*)\}/g;

/** The tree with every `${name}` replaced; a text that is nothing else takes the value's own type. */
function substitute(tree: Tree, values: Values, path: Path, complain: Complain): Tree {
  if (tree.kind === 'list') {
    const items = tree.items.map((item, index) =>
      substitute(item, values, [...path, index], complain),
    );
    return { ...tree, items };
  }
  if (tree.kind === 'map') {
    const entries = [...tree.entries].map(([key, entry]): [string, typeof entry] => {
      // It has names of its own, which are replaced where it is unrolled.
      const value =
        key === 'repeat' ? entry.value : substitute(entry.value, values, [...path, key], complain);
      return [key, { ...entry, value }];
    });
    return { ...tree, entries: new Map(entries) };
  }
  if (typeof tree.value !== 'string' || !/\$\{/.test(tree.value)) return tree;
  const names = Object.keys(values);
  const known = (name: string): string | number | boolean => {
    const found = values[name];
    if (found !== undefined) return found;
    const expected =
      names.length > 0
        ? `one of ${names.map((one) => `\${${one}}`).join(', ')}`
        : 'nothing of the kind';
    complain(tree, path, `${expected} here`, JSON.stringify(`\${${name}}`), names);
    return '';
  };
  const [, only] = /^\$\{([^}]*)\}$/.exec(tree.value) ?? [];
  const value =
    only === undefined
      ? tree.value.replace(placeholder, (_, name: string) => String(known(name)))
      : known(only);
  return { ...tree, value };
}

/** A step as it stands in the file, after `repeat` was unrolled. */
export interface RawStep {
  readonly tree: Tree;
  readonly path: Path;
  /** A placeholder in it stands for nothing, which has been said. */
  readonly broken: boolean;
}

const mostSteps = 1000;

/** Unrolls every `repeat` of a list of steps, and replaces what stands for a value. */
export function unrollSteps(
  steps: Tree,
  path: Path,
  values: Values,
  complain: Complain,
): RawStep[] {
  if (steps.kind !== 'list') {
    complain(steps, path, 'a list of steps', 'something else');
    return [];
  }
  const found: RawStep[] = [];
  steps.items.forEach((item, index) => {
    const at = [...path, index];
    const repeat = item.kind === 'map' ? item.entries.get('repeat')?.value : undefined;
    if (!repeat) {
      let broken = false;
      const tree = substitute(item, values, at, (...problem) => {
        broken = true;
        complain(...problem);
      });
      found.push({ tree, path: at, broken });
    } else if (repeat.kind !== 'map') {
      complain(repeat, [...at, 'repeat'], 'a map with steps, and times or over', 'something else');
    } else found.push(...unrollRepeat(repeat, [...at, 'repeat'], values, complain));
  });
  if (found.length > mostSteps) {
    complain(steps, path, `at most ${mostSteps} steps`, `${found.length}`);
    return found.slice(0, mostSteps);
  }
  return found;
}

const repeatKeys = ['times', 'over', 'as', 'steps'];

function unrollRepeat(repeat: MapTree, path: Path, values: Values, complain: Complain): RawStep[] {
  for (const [key, { value }] of repeat.entries) {
    if (repeatKeys.includes(key)) continue;
    complain(
      value,
      [...path, key],
      `one of the keys ${repeatKeys.join(', ')}`,
      JSON.stringify(key),
      repeatKeys,
    );
  }
  const entry = (key: string): Tree | undefined => repeat.entries.get(key)?.value;
  const steps = entry('steps');
  const name = textOf(entry('as')) ?? 'n';
  if (!steps) complain(repeat, [...path, 'steps'], 'a list of steps', 'nothing');
  const rounds = roundsOf(entry('times'), entry('over'), repeat, path, complain);
  if (!steps) return [];
  return rounds.flatMap((value) =>
    unrollSteps(steps, [...path, 'steps'], { ...values, [name]: value }, complain),
  );
}

function roundsOf(
  times: Tree | undefined,
  over: Tree | undefined,
  repeat: Tree,
  path: Path,
  complain: Complain,
): (string | number | boolean)[] {
  if ((times === undefined) === (over === undefined)) {
    complain(repeat, path, 'either times or over', times ? 'both' : 'neither');
    return [];
  }
  if (times) {
    const count = times.kind === 'scalar' ? times.value : undefined;
    const right =
      typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= 200;
    if (right) return Array.from({ length: count }, (_, index) => index + 1);
    complain(
      times,
      [...path, 'times'],
      'a whole number from 1 to 200',
      JSON.stringify(count ?? '?'),
    );
    return [];
  }
  const items = over?.kind === 'list' ? over.items : [];
  const rounds = items.flatMap((item) =>
    item.kind === 'scalar' && item.value !== null ? [item.value] : [],
  );
  if (over && (rounds.length === 0 || rounds.length < items.length || rounds.length > 200)) {
    complain(over, [...path, 'over'], 'a list of 1 to 200 values', 'something else');
  }
  return rounds;
}

function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : undefined;
}

/** The report's form of a place. */
export function reportPlace({ place }: Tree): Place {
  return { file: place.source.shown, line: place.line ?? 1, column: place.column ?? 1 };
}
