import { TwinbankError } from '../../diagnostics/error.ts';
import { type Diagnostic, renderDiagnostic } from '../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import type { Path } from '../../recipe/tree.ts';

/** `oem-providers/acme/provider.yaml:12:3 drivers`: what a message begins with that is about this key. */
export function placeOf(provider: LoadedProvider, at: Path): string {
  const text = renderDiagnostic({ ...provider.problem(at, '', ''), message: '' });
  return text.replace(/: $/, '');
}

/**
 * Does all of the work, whatever breaks of it, and returns what came of each. Throws (kind `recipe`) what a
 * person can mend, of several all in one; anything else at once.
 */
export async function allOrProblems<T>(tasks: readonly (() => Promise<T> | T)[]): Promise<T[]> {
  const results: T[] = [];
  const problems: TwinbankError[] = [];
  for (const task of tasks) {
    try {
      results.push(await task());
    } catch (error) {
      if (!(error instanceof TwinbankError) || error.kind !== 'recipe') throw error;
      problems.push(error);
    }
  }
  const [first, ...more] = problems;
  if (!first) return results;
  if (more.length === 0) throw first;
  const text = problems.map(({ message }) => message).join('\n');
  throw new TwinbankError('recipe', first.code, text, { data: first.data });
}

/** What was thrown as problems at their places, where a person can mend it; anything else is thrown again. */
export function diagnosticsOf(error: unknown, shown: string): Diagnostic[] {
  if (!(error instanceof TwinbankError) || error.kind !== 'recipe') throw error;
  const { diagnostics } = error.data;
  // Of recipeError, which makes it of just these.
  if (error.code === 'recipe.invalid' && Array.isArray(diagnostics)) return diagnostics;
  return error.message.split('\n').map((line) => {
    // Of a driver, which has its place before its sentence.
    const rest = line.startsWith(shown) ? line.slice(shown.length) : '';
    const [, row, column, path, message] = /^:(\d+):(\d+) (\S+): (.*)$/.exec(rest) ?? [];
    if (path === undefined || message === undefined) return unplaced(shown, line);
    return { ...unplaced(shown, message), line: Number(row), column: Number(column), path };
  });
}

/** A problem whose message begins with its place, or with both of two; or else one of the whole file. */
export function diagnosticOf(message: string, shown: string): Diagnostic {
  const [, file, line, column, path = ''] =
    /^(.+?):(\d+):(\d+)(?: (\S+):|(?=[: ]))/.exec(message) ?? [];
  if (file !== undefined) {
    return { ...unplaced(file, message), line: Number(line), column: Number(column), path };
  }
  const [, first = shown] = /^(.+?) and .+ both /.exec(message) ?? [];
  return unplaced(first, message);
}

/** A problem of a whole file. */
export function unplaced(file: string, message: string): Diagnostic {
  return { file, line: null, column: null, path: '', message, suggestion: null };
}
