import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** Every source, by its path below src/. */
export const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .sort()
  .map((file) => ({ file, text: readFileSync(join(root, 'src', file), 'utf8') }));

export interface Import {
  specifier: string;
  /** Erased when the file is built. */
  typeOnly: boolean;
}

/** Comments may show code; strings that begin a comment (`"//"`) are kept by matching strings first. */
export function withoutComments(text: string): string {
  const stringOrComment = /(["'])(?:\\.|(?!\1)[^\\\n])*\1|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replace(stringOrComment, (match) => (match.startsWith('/') ? '' : match));
}

export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const [, type, specifier] of code.matchAll(
    /\b(?:import|export)\s+(type\s+)?(?:[\w*{][^;'"]*?\sfrom\s*|(?=['"]))['"]([^'"]+)['"]/g,
  )) {
    found.push({ specifier: specifier!, typeOnly: type !== undefined });
  }
  for (const [, specifier] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) {
    found.push({ specifier: specifier!, typeOnly: false });
  }
  return found;
}

/** File below src/ that a relative import of `file` leads to; undefined for packages and package.json. */
export function targetFile(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = relative(join(root, 'src'), resolve(root, 'src', dirname(file), specifier));
  return target.startsWith('..') ? undefined : target;
}

/** Names of the files for which a rule is broken, with what breaks it. */
export function offenders(broken: (file: string, code: string) => readonly unknown[]): string[] {
  return sources.flatMap(({ file, text }) =>
    broken(file, withoutComments(text)).map((what) => `src/${file}: ${what}`),
  );
}

export const matches = (code: string, pattern: RegExp): string[] =>
  [...code.matchAll(pattern)].map(([match]) => match);
