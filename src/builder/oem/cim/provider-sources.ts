import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { exactSize } from '../../../diagnostics/size.ts';
import type { Diagnostic } from '../../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../../recipe/provider.ts';
import { fileProblem } from '../../../recipe/recipe-file.ts';
import { sha256 } from '../../components/digest.ts';

/** The one folder that CIM providers and what they import lie in. */
export const cimFolder = 'cim';

const most = { files: 200, bytes: 2 ** 20 };

/** Tests of providers are run by `oem test` and are part of no image. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** Relative to the provider's folder, sorted: `cim/sensors.ts`, ... */
export function cimFiles({ folder }: LoadedProvider): string[] {
  const files: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== 'node_modules') visit(inside);
      else if (!entry.isDirectory()) files.push(inside);
    }
  };
  visit(cimFolder);
  return files.sort();
}

/** A hash of all that the bundles of a provider's folder can depend on. */
export function cimSourcesDigest(provider: LoadedProvider): string {
  const sources = cimFiles(provider).filter((path) => !isTest(path));
  const lines = sources.map(
    (path) => `${path} ${sha256(readFileSync(join(provider.folder, path)))}`,
  );
  return sha256(lines.join('\n'));
}

/** The name of a provider: that of its file without the ending. */
export function cimName(ref: { readonly path: string }): string {
  return basename(ref.path, '.ts');
}

/** What is wrong with where the sources lie and with the classes that provider.yaml says they have. */
export function cimSourceProblems(provider: LoadedProvider): Diagnostic[] {
  const { cim } = provider;
  if (cim.length === 0) return [];
  const problems: Diagnostic[] = [];
  const names = cim.map((one) => cimName(one.provider));
  for (const [index, { provider: ref }] of cim.entries()) {
    const inside = relative(realpathSync(provider.folder), realpathSync(ref.path));
    const wanted = new RegExp(`^${cimFolder}/[a-z][a-z0-9-]{0,31}\\.ts$`);
    const at = ['cim', index, 'provider'];
    if (!wanted.test(inside) || isTest(inside)) {
      const expected = `a file cim/NAME.ts of the folder, NAME of small letters, digits and dashes`;
      problems.push(provider.problem(at, expected, inside));
    } else if (names.indexOf(names[index] ?? '') !== index) {
      problems.push(provider.problem(at, 'each provider once', `${inside} again`));
    }
  }
  if (problems.length > 0) return problems;
  return [...fileProblems(provider), ...classProblems(provider)];
}

function fileProblems(provider: LoadedProvider): Diagnostic[] {
  const problem = provider.fileProblem;
  let files: string[];
  try {
    files = cimFiles(provider);
  } catch (error) {
    return [problem(cimFolder, 'a folder that can be read', fileProblem(error))];
  }
  if (files.length > most.files) {
    return [problem(cimFolder, `at most ${most.files} files`, `${files.length}`)];
  }
  const statuses = files.map((path) => [path, lstatSync(join(provider.folder, path))] as const);
  const notFiles = statuses.filter(([, status]) => !status.isFile());
  if (notFiles.length > 0) {
    return notFiles.map(([path]) => problem(path, 'a file', 'a link or something else'));
  }
  const bytes = statuses.reduce((sum, [, { size }]) => sum + size, 0);
  if (bytes <= most.bytes) return [];
  return [problem(cimFolder, `files of at most ${exactSize(most.bytes)} in all`, exactSize(bytes))];
}

/** One schema for all classes of an OEM, each class once: names are the same in upper and lower case. */
function classProblems(provider: LoadedProvider): Diagnostic[] {
  const seen = new Set<string>();
  const all = provider.cim.flatMap(({ classes }, index) =>
    classes.map((name, at) => ({ name, at: ['cim', index, 'classes', at] })),
  );
  const schema = all[0]?.name.split('_')[0] ?? '';
  return all.flatMap(({ name, at }) => {
    const lower = name.toLowerCase();
    if (seen.has(lower)) return provider.problem(at, 'each class once', `${name} again`);
    seen.add(lower);
    if (lower.startsWith(`${schema.toLowerCase()}_`)) return [];
    return provider.problem(at, `a class of the schema ${schema}, as the first one is`, name);
  });
}
