import { type Diagnostic, diagnose, foundText } from '../../recipe/diagnostic.ts';
import { nearestWord } from '../../recipe/nearest-word.ts';
import type { Path, Tree } from '../../recipe/tree.ts';
import { pathText } from '../../recipe/tree.ts';
import { validateAgainst } from '../../recipe/validate.ts';
import { type RawStep, reportPlace } from './expand.ts';
import type { PlannedState, PlannedStep, StepRow } from './step.ts';
import { stepRows } from './step-registry.ts';

const names = [...stepRows.map(({ name }) => name), 'repeat'];

/** Reads a step, and holds it against those before it. */
export function readStep(
  { tree, path }: RawStep,
  planned: PlannedState,
): { step: PlannedStep | undefined; problems: Diagnostic[] } {
  const named = nameOf(tree);
  const row = stepRows.find(({ name }) => name === named?.name);
  if (!named || !row) {
    const found = named ? JSON.stringify(named.name) : foundText(tree);
    const near = named ? nearestWord(named.name, names) : null;
    const expected = near === null ? `a step: one of ${names.join(', ')}` : 'a step';
    return { step: undefined, problems: [diagnose(tree.place, path, expected, found, near)] };
  }
  const at = [...path, row.name];
  const value = fullForm(
    row,
    named.value ?? { kind: 'map', place: tree.place, entries: new Map() },
  );
  // Nobody has written the key that a plain value stands for.
  const hidden = named.value && named.value.kind !== 'map' ? row.shorthand : undefined;
  const checked = validateAgainst(row.schema, value);
  if (!checked.value) {
    return { step: undefined, problems: checked.problems.map((one) => under(at, one, hidden)) };
  }
  const step = row.plan(checked.value, reportPlace(tree));
  const problems: Diagnostic[] = [];
  step.check(planned, (key, expected, found, candidates = []) => {
    const [, first = '', item] = /^(\w[\w-]*)(?:\[(\d+)\])?$/.exec(key ?? '') ?? [];
    const entry = value.kind === 'map' ? value.entries.get(first)?.value : undefined;
    const inside = entry?.kind === 'list' && item !== undefined ? entry.items[Number(item)] : entry;
    const typed = inside?.kind === 'scalar' ? String(inside.value).split(/[=@]/)[0] : undefined;
    const near = typed === undefined ? null : nearestWord(typed, candidates);
    const problem = diagnose((inside ?? tree).place, [], expected, found, near);
    problems.push(under(at, { ...problem, path: key ?? '' }, hidden));
  });
  return { step, problems };
}

/** `- boot` and `- boot: …`; undefined for what is neither. */
function nameOf(tree: Tree): { name: string; value: Tree | undefined } | undefined {
  if (tree.kind === 'scalar') {
    return typeof tree.value === 'string' ? { name: tree.value, value: undefined } : undefined;
  }
  if (tree.kind !== 'map' || tree.entries.size !== 1) return undefined;
  const [[name, { value }] = ['', { value: tree }]] = tree.entries;
  return { name, value };
}

/** A plain value under the key that it stands for, and lists where one value is enough. */
function fullForm(row: StepRow, value: Tree): Tree {
  const { place } = value;
  const nothing = value.kind === 'scalar' && value.value === null;
  let full = value;
  if (nothing) full = { kind: 'map', place, entries: new Map() };
  else if (value.kind !== 'map' && row.shorthand !== undefined) {
    full = { kind: 'map', place, entries: new Map([[row.shorthand, { key: place, value }]]) };
  }
  if (full.kind !== 'map') return full;
  const entries = [...full.entries].map(([key, entry]): [string, typeof entry] => {
    const single = row.lists.includes(key) && entry.value.kind !== 'list';
    const list: Tree = { kind: 'list', place: entry.value.place, items: [entry.value] };
    return [key, single ? { ...entry, value: list } : entry];
  });
  return { ...full, entries: new Map(entries) };
}

/** `hidden` is the key that a plain value stands for: nobody has written it. */
function under(at: Path, diagnostic: Diagnostic, hidden: string | undefined): Diagnostic {
  const { path } = diagnostic;
  const inside = hidden !== undefined && path.startsWith(hidden) ? path.slice(hidden.length) : path;
  const joint = inside === '' || inside.startsWith('[') ? '' : '.';
  return { ...diagnostic, path: `${pathText(at)}${joint}${inside}` };
}
