import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml';
import { type Diagnostic, diagnose } from './diagnostic.ts';
import {
  type Entry,
  type Path,
  type Place,
  type Scalar,
  type Source,
  short,
  type Tree,
} from './tree.ts';

/** Far above any recipe; what an alias stands for counts each time, so a bomb passes it at once. */
const maxValues = 20_000;
/** Finding an alias's anchor walks the whole document. */
const maxAliases = 100;
const deepest = 32;
/** One wrong character can make every line after it wrong. */
const maxSyntaxProblems = 5;

interface YamlText {
  /** Undefined where the text is no YAML, or empty. */
  tree: Tree | undefined;
  problems: Diagnostic[];
}

/**
 * Reads one YAML 1.2 document. Keys are taken as they are written; a key that comes twice is a problem, and so
 * are tags, keys that are no scalars, and more values or levels than a recipe can have.
 * `base` is where the value stands when the text is an option's value.
 */
export function readYaml(text: string, source: Source, base: Path = []): YamlText {
  const lines = new LineCounter();
  const problems: Diagnostic[] = [];
  const start = placeAt(source, lines, 0);
  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      // Ours says the key's path, names both places, and is not quadratic.
      uniqueKeys: false,
      // 'silent' would take a second document's error away.
      logLevel: 'error',
    });
  } catch (error) {
    // The parser recurses: thousands of brackets exhaust the stack.
    if (!(error instanceof RangeError)) throw error;
    return { tree: undefined, problems: [diagnose(start, base, ...tooDeep)] };
  }
  if (document.errors.some((error) => error.code === 'RESOURCE_EXHAUSTION')) {
    return { tree: undefined, problems: [diagnose(start, base, ...tooDeep)] };
  }
  for (const error of [...document.errors, ...document.warnings].slice(0, maxSyntaxProblems)) {
    const place = placeAt(source, lines, error.pos[0]);
    const [expected, found] =
      error.code === 'MULTIPLE_DOCS'
        ? ['one YAML document', 'another one']
        : ['valid YAML', yamlProblem(error.message)];
    problems.push(diagnose(place, base, expected, found));
  }
  if (problems.length > 0 || !document.contents) return { tree: undefined, problems };
  const state: Reading = { document, source, lines, problems, values: 0, aliases: 0 };
  const tree = readNode(document.contents, base, 0, state);
  return { tree: state.values > maxValues ? undefined : tree, problems };
}

const tooDeep = [`values nested at most ${deepest} deep`, 'more'] as const;

interface Reading {
  document: Document.Parsed;
  source: Source;
  lines: LineCounter;
  problems: Diagnostic[];
  values: number;
  aliases: number;
}

/** The tree below `node`; what cannot be read is left out, and said. */
function readNode(node: unknown, path: Path, depth: number, state: Reading): Tree | undefined {
  const place = placeOf(node, state);
  const refuse = (expected: string, found: string) => {
    state.problems.push(diagnose(place, path, expected, found));
    return undefined;
  };
  state.values++;
  if (state.values === maxValues + 1) return refuse(`at most ${maxValues} values`, 'more');
  if (state.values > maxValues) return undefined;
  if (depth > deepest) return refuse(...tooDeep);
  if (isAlias(node)) state.aliases++;
  if (state.aliases > maxAliases) {
    state.values = maxValues + 1;
    return refuse(`at most ${maxAliases} aliases`, 'more');
  }
  const target = isAlias(node) ? node.resolve(state.document) : (node as Node);
  if (isScalar(target) && isPlain(target.value)) {
    const written = writtenForm(target);
    return { kind: 'scalar', place, value: valueAsWritten(target.value, written), written };
  }
  if (isMap(target) && target.tag === undefined) {
    const entries = new Map<string, Entry>();
    for (const pair of target.items) readPair(pair, entries, path, depth, state);
    return { kind: 'map', place, entries };
  }
  if (isSeq(target) && target.tag === undefined && !target.items.some(isPair)) {
    const items = target.items.map((item, index) =>
      readNode(item, [...path, index], depth + 1, state),
    );
    return { kind: 'list', place, items: items.filter((item) => item !== undefined) };
  }
  return refuse('plain text, a number, a list or a map', 'a YAML tag');
}

function readPair(
  pair: Pair,
  entries: Map<string, Entry>,
  path: Path,
  depth: number,
  state: Reading,
): void {
  const place = placeOf(pair.key, state);
  const refuse = (at: Path, expected: string, found: string) =>
    state.problems.push(diagnose(place, at, expected, found));
  if (!isScalar(pair.key) || !isPlain(pair.key.value)) {
    refuse(path, 'a word as the key', 'something else');
    return;
  }
  const key = typeof pair.key.value === 'string' ? pair.key.value : writtenForm(pair.key);
  const keyPath = [...path, key];
  // In plain objects this key is not data.
  if (key === '__proto__') {
    refuse(keyPath, 'another key', '"__proto__"');
    return;
  }
  if (key === '<<') {
    refuse(keyPath, 'no merge key, as they are not taken (a recipe extends another one)', '"<<"');
    return;
  }
  const first = entries.get(key);
  if (first) {
    const line = first.key.line === null ? '' : `, first in line ${first.key.line}`;
    refuse(keyPath, 'each key once', `${JSON.stringify(short(key))} again${line}`);
  }
  const value: Tree | undefined =
    pair.value === null
      ? { kind: 'scalar', place, value: null, written: '' }
      : readNode(pair.value, keyPath, depth + 1, state);
  if (value && !first) entries.set(key, { key: place, value });
}

function writtenForm({ source, value }: { source?: unknown; value: unknown }): string {
  return typeof source === 'string' ? source : String(value);
}

/**
 * A number that could be written in another way than it was (`010`, `1e5`, `0x1f`, one with more digits than a number keeps)
 * is text: whoever wants a number refuses it, and nobody gets other characters than were written.
 */
function valueAsWritten(value: Scalar, written: string): Scalar {
  if (typeof value !== 'number' || /^-?(0|[1-9][0-9]*)\.[0-9]+$/.test(written)) return value;
  return String(value) === written ? value : written;
}

function isPlain(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function placeOf(node: unknown, state: Reading): Place {
  const range = (node as Partial<Node> | null)?.range;
  return placeAt(state.source, state.lines, range?.[0] ?? 0);
}

function placeAt(source: Source, lines: LineCounter, offset: number): Place {
  if (source.kind === 'set') return { source, line: null, column: null };
  const { line, col } = lines.linePos(offset);
  return { source, line: Math.max(1, line), column: Math.max(1, col) };
}

/** The parser's sentence as what was found; its first letter is lowered to fit in. */
function yamlProblem(message: string): string {
  const sentence = message.split('\n')[0] ?? '';
  return `a mistake (${short(sentence.charAt(0).toLowerCase() + sentence.slice(1), 120)})`;
}
