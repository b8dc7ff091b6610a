import { TwinbankError } from '../diagnostics/error.ts';
import { type Diagnostic, diagnose } from './diagnostic.ts';
import { readYaml } from './read-yaml.ts';
import { type MapTree, type Path, type Place, type Source, short, type Tree } from './tree.ts';

/**
 * The layer that `--set bank.size=64MiB` lays over a recipe: a dotted path, and a value in YAML, so
 * that `trust=[]` is a list and nothing or `null` takes an entry away.
 * @throws TwinbankError usage, `usage.set`, where the option has not the form PATH=VALUE
 */
export function readSetOption(
  option: string,
  directory: string,
): { tree: MapTree | undefined; problems: Diagnostic[] } {
  const equals = option.indexOf('=');
  const keys = option.slice(0, Math.max(0, equals)).split('.');
  if (keys.some((key) => key === '' || key === '__proto__')) {
    throw new TwinbankError(
      'usage',
      'usage.set',
      `expected --set PATH=VALUE such as bank.size=64MiB, found ${JSON.stringify(option)}`,
    );
  }
  const source: Source = { kind: 'set', shown: `--set ${option}`, directory };
  const place: Place = { source, line: null, column: null };
  const text = option.slice(equals + 1);
  const { tree, problems } = readYaml(text, source, keys);
  if (problems.length > 0) return { tree: undefined, problems };
  if (!isAsWritten(text, tree))
    return { tree: undefined, problems: [changed(text, tree, place, keys)] };
  let value: Tree = tree ?? { kind: 'scalar', place, value: null, written: '' };
  for (const key of keys.toReversed()) {
    value = { kind: 'map', place, entries: new Map([[key, { key: place, value }]]) };
  }
  return { tree: value as MapTree, problems };
}

/**
 * Whether a value without quotes is just what was typed. What a file may have beside it (blanks, a comment, a break in the line) an option has
 * by mistake: `title=Lab #2` would set Lab, and `title=#2` take the title away.
 */
function isAsWritten(text: string, tree: Tree | undefined): boolean {
  if (tree === undefined) return text === '';
  if (tree.kind !== 'scalar' || /^(["']).*\1$|^[|>]/s.test(text)) return true;
  return tree.written === text;
}

function changed(text: string, tree: Tree | undefined, place: Place, path: Path): Diagnostic {
  const read = tree?.kind === 'scalar' ? JSON.stringify(short(tree.written)) : 'nothing';
  const found = `${JSON.stringify(short(text))}, which would be read as ${read}`;
  return diagnose(place, path, 'a value as it is written, or one in quotes', found);
}
