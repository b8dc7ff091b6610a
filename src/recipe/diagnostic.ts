import { TwinbankError } from '../diagnostics/error.ts';
import { type Path, type Place, pathText, short, type Tree } from './tree.ts';

/** One problem of a recipe. `file` is as people know it, or the `--set` option that is to blame. */
export interface Diagnostic {
  file: string;
  /** From 1; null for an option, and for a file that could not be read. */
  line: number | null;
  column: number | null;
  /** `bank.size`; empty where the whole file is meant. */
  path: string;
  /** `expected X, found Y`. */
  message: string;
  /** What was probably meant; null where nothing comes near. */
  suggestion: string | null;
}

/** Longer lists help nobody; all problems are in the error's data. */
const maxShown = 50;

/** A problem at `place`, in the one form that messages have. */
export function diagnose(
  place: Place,
  path: Path,
  expected: string,
  found: string,
  suggestion: string | null = null,
): Diagnostic {
  const { source, line, column } = place;
  const message = `expected ${expected}, found ${found}`;
  // `--oem PATH` says all of what `oem[0]` would.
  const at = source.kind === 'oem' ? '' : pathText(path);
  return { file: source.shown, line, column, path: at, message, suggestion };
}

/** What is worth a look at a place, and may be as it is; without a place it is known by its path alone. */
export function remark(place: Place | undefined, path: Path, message: string): Diagnostic {
  const at = { message, path: pathText(path), suggestion: null };
  if (!place || place.source.kind === 'default')
    return { file: '', line: null, column: null, ...at };
  return { file: place.source.shown, line: place.line, column: place.column, ...at };
}

/** `recipes/x.yaml:12:9 bank.size: expected a size such as 48MiB, found "48"`. */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, path, message, suggestion } = diagnostic;
  const place = line === null ? file : `${file}:${line}:${column}`;
  const hint = suggestion === null ? '' : `; did you mean ${JSON.stringify(suggestion)}?`;
  const head = [place, path].filter(Boolean).join(' ');
  // One that is about two places names both.
  return message.startsWith(head) ? `${message}${hint}` : `${head}: ${message}${hint}`;
}

/** How a message names a value that is wrong, short enough for one line. */
export function foundText(tree: Tree | undefined): string {
  if (tree === undefined) return 'nothing';
  if (tree.kind === 'map') return tree.entries.size === 0 ? 'an empty map' : 'a map';
  if (tree.kind === 'list') return tree.items.length === 0 ? 'an empty list' : 'a list';
  if (tree.value === null) return 'nothing';
  if (typeof tree.value === 'string') return JSON.stringify(short(tree.value));
  return short(tree.written);
}

/** The error that carries all problems by file and line, options last; `data.diagnostics` has them. */
export function recipeError(diagnostics: readonly Diagnostic[]): TwinbankError {
  const files = [...new Set(diagnostics.map((diagnostic) => diagnostic.file))];
  const sorted = [...diagnostics].sort(
    (a, b) =>
      Number(a.line === null) - Number(b.line === null) ||
      files.indexOf(a.file) - files.indexOf(b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
  const lines = sorted.slice(0, maxShown).map(renderDiagnostic);
  if (sorted.length > maxShown) lines.push(`and ${sorted.length - maxShown} more problems`);
  return new TwinbankError('recipe', 'recipe.invalid', lines.join('\n'), {
    data: { diagnostics: sorted },
  });
}
