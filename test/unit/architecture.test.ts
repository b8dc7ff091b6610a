import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .sort()
  .map((file) => ({ file, text: readFileSync(join(root, 'src', file), 'utf8') }));

/** Who may import whom (docs/architecture.md); a folder may always import itself and diagnostics. */
const allowed: Record<string, readonly string[]> = {
  diagnostics: [],
  host: [],
  disk: [],
  protocol: [],
  bootloader: ['disk', 'host'],
  state: ['bootloader', 'disk'],
  update: ['state', 'bootloader', 'disk'],
  hostcore: ['update', 'state', 'bootloader', 'disk', 'protocol'],
  recipe: ['host'],
  builder: ['recipe', 'update', 'state', 'bootloader', 'disk', 'host'],
  flash: ['recipe', 'update', 'state', 'bootloader', 'disk', 'host'],
  harness: ['recipe', 'hostcore', 'update', 'state', 'bootloader', 'disk', 'protocol', 'host'],
  compare: ['recipe', 'builder', 'update', 'state', 'bootloader', 'disk', 'host'],
  runtime: ['hostcore', 'update', 'state', 'bootloader', 'disk', 'protocol'],
  cli: [
    ...['recipe', 'builder', 'flash', 'harness', 'compare'],
    ...['update', 'state', 'bootloader', 'disk', 'host'],
  ],
};

/**
 * Who may import whom among the folders of one folder of the house; a folder may always import itself. Files that lie beside the
 * folders put them together: they may import all of them, and none of them may import such a file.
 */
const walls: Record<string, Record<string, readonly string[]>> = {
  harness: {
    console: [],
    faults: ['console'],
    machine: ['console', 'faults'],
    sim: ['console', 'faults', 'machine'],
    qemu: ['console', 'faults', 'machine', 'sim'],
    command: ['console', 'faults', 'machine', 'sim'],
    report: ['console', 'faults', 'qemu'],
    scenario: ['console', 'faults', 'machine', 'qemu', 'report'],
    run: ['faults', 'machine', 'qemu', 'report', 'scenario'],
  },
};

interface Import {
  specifier: string;
  /** Erased when the file is built. */
  typeOnly: boolean;
}

/** Comments may show code; strings that begin a comment (`"//"`) are kept by matching strings first. */
function withoutComments(text: string): string {
  const stringOrComment = /(["'])(?:\\.|(?!\1)[^\\\n])*\1|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replace(stringOrComment, (match) => (match.startsWith('/') ? '' : match));
}

function importsOf(text: string): Import[] {
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

const folderOf = (file: string): string => file.split('/')[0]!;

/** File under src/ that a relative import of `file` leads to; undefined for packages and package.json. */
function targetFile(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = relative(join(root, 'src'), resolve(root, 'src', dirname(file), specifier));
  return target.startsWith('..') ? undefined : target;
}

/** Folder under src/ that a relative import of `file` leads to. */
function targetFolder(file: string, specifier: string): string | undefined {
  const target = targetFile(file, specifier);
  return target === undefined ? undefined : folderOf(target);
}

describe('the reading of imports', () => {
  it('sees every form, and neither comments nor strings', () => {
    const text = `
import a from '../a/a.ts';
import { b,
  type B } from "../b/b.ts";
import type { C } from '../c/c.ts';
import './d.ts';
export { e } from '../e/e.ts';
export * from '../f/f.ts';
const g = await import('../g/g.ts');
// import { no } from '../no/comment.ts';
/* export * from '../no/block.ts' */
const url = 'http://example.org'; import { h } from '../h/h.ts';
const text = 'the from \\'x\\' part';`;
    expect(importsOf(text)).toEqual([
      { specifier: '../a/a.ts', typeOnly: false },
      { specifier: '../b/b.ts', typeOnly: false },
      { specifier: '../c/c.ts', typeOnly: true },
      { specifier: './d.ts', typeOnly: false },
      { specifier: '../e/e.ts', typeOnly: false },
      { specifier: '../f/f.ts', typeOnly: false },
      { specifier: '../h/h.ts', typeOnly: false },
      { specifier: '../g/g.ts', typeOnly: false },
    ]);
  });

  it('finds the sources', () => {
    expect(sources.map(({ file }) => file)).toContain('cli/main.ts');
    expect(
      importsOf(sources.find(({ file }) => file === 'cli/run.ts')!.text).length,
    ).toBeGreaterThan(5);
  });
});

/** Names of the files for which a rule is broken, with what breaks it. */
function offenders(broken: (file: string, code: string) => readonly unknown[]): string[] {
  return sources.flatMap(({ file, text }) =>
    broken(file, withoutComments(text)).map((what) => `src/${file}: ${what}`),
  );
}

const matches = (code: string, pattern: RegExp): string[] =>
  [...code.matchAll(pattern)].map(([match]) => match);

describe('every file under src/', () => {
  it('lies in a folder of the house', () => {
    expect(offenders((file) => (folderOf(file) in allowed ? [] : ['unknown folder']))).toEqual([]);
  });

  it('imports only from folders that its own folder may import', () => {
    const broken = offenders((file, code) => {
      const folder = folderOf(file);
      const mayImport = [folder, 'diagnostics', ...(allowed[folder] ?? [])];
      return importsOf(code)
        .map(({ specifier }) => targetFolder(file, specifier))
        .filter((target) => target !== undefined && !mayImport.includes(target));
    });
    expect(broken).toEqual([]);
  });

  it.each(Object.keys(walls))('lies in a folder of %s that the table of walls names', (house) => {
    const broken = offenders((file) => {
      const [first, second = '', ...rest] = file.split('/');
      return first !== house || rest.length === 0 || second in walls[house]! ? [] : [second];
    });
    expect(broken).toEqual([]);
  });

  it.each(Object.keys(walls))('imports inside %s only what the table of walls lets it', (house) => {
    const broken = offenders((file, code) => {
      const [first, room = '', ...rest] = file.split('/');
      if (first !== house || rest.length === 0) return [];
      const mayImport = [room, ...(walls[house]![room] ?? [])];
      return importsOf(code)
        .map(({ specifier }) => targetFile(file, specifier)?.split('/'))
        .filter((target) => target?.[0] === house && !mayImport.includes(target[1]!))
        .map((target) => target!.join('/'));
    });
    expect(broken).toEqual([]);
  });

  it('names the files it imports as they are, ending in .ts', () => {
    const broken = offenders((_file, code) =>
      importsOf(code)
        .map(({ specifier }) => specifier)
        .filter((specifier) => specifier.startsWith('.') && !/\.(ts|json)$/.test(specifier)),
    );
    expect(broken).toEqual([]);
  });

  it('has no default export and is no barrel that hides where things live', () => {
    const pattern = /\bexport\s+default\b|\bas\s+default\b|\bexport\s+(?:type\s+)?\*\s+from\b/g;
    expect(offenders((_file, code) => matches(code, pattern))).toEqual([]);
  });

  it('has at most 250 lines', () => {
    const broken = sources
      .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 250);
    expect(broken).toEqual([]);
  });

  it('neither prints nor ends the process, outside src/cli', () => {
    // By method: "./console.ts" is the name of a file.
    const pattern =
      /\bconsole\s*\.\s*(?:log|info|warn|error|debug|table|dir|trace)\b|\bprocess\s*\.\s*(?:stdout|stderr|exit|exitCode|abort)\b/g;
    // The system's own daemons have a console and an end of their own.
    const silent = (file: string): boolean => !['cli', 'runtime'].includes(folderOf(file));
    expect(offenders((file, code) => (silent(file) ? matches(code, pattern) : []))).toEqual([]);
  });
});

describe('the start of the command line', () => {
  it('loads a command, the parser and the rest only when they are needed', () => {
    const eager = ['cli/main.ts', 'cli/registry.ts'].flatMap((name) => {
      const code = withoutComments(sources.find(({ file }) => file === name)!.text);
      return [...code.matchAll(/^import (?!type\b)[^;]*?from '(\.[^']+)'/gm)].map(
        ([, specifier]) => `${name}: ${specifier}`,
      );
    });
    expect(eager).toEqual(['cli/main.ts: ../../package.json']);
  });
});
