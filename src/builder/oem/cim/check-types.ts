import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { packageRoot } from '../../../host/package-root.ts';
import type { Diagnostic } from '../../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../../recipe/provider.ts';
import { cimModules } from './bundle-provider.ts';

const limits = { timeout: 60_000, maxBuffer: 1 << 22 };

/**
 * What TypeScript finds wrong with these files of a provider and with what they import, as strict as we are with ourselves, and without
 * the types of Node or of a browser: a provider has just the interface. `scratch` is an empty folder.
 */
export async function typeProblems(
  provider: LoadedProvider,
  files: readonly string[],
  scratch: string,
): Promise<Diagnostic[]> {
  const places = Object.entries(cimModules).map(([name, path]) => [
    name,
    [join(packageRoot(), path)],
  ]);
  const config = join(scratch, 'tsconfig.json');
  await mkdir(scratch, { recursive: true });
  await writeFile(
    config,
    JSON.stringify({
      compilerOptions: {
        target: 'ES2023',
        lib: ['ES2023'],
        module: 'ESNext',
        moduleResolution: 'bundler',
        types: [],
        noEmit: true,
        allowImportingTsExtensions: true,
        erasableSyntaxOnly: true,
        strict: true,
        noUncheckedIndexedAccess: true,
        isolatedModules: true,
        noFallthroughCasesInSwitch: true,
        resolveJsonModule: true,
        skipLibCheck: true,
        paths: Object.fromEntries(places),
      },
      files: files.map((file) => join(provider.folder, file)),
    }),
  );
  const output = await runCompiler(['-p', config, '--pretty', 'false'], provider.folder);
  return output.split('\n').flatMap((line) => problemOf(provider, line));
}

/** What its compiler printed: its problems are no failure of ours. */
function runCompiler(args: readonly string[], cwd: string): Promise<string> {
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  return new Promise((done, reject) => {
    execFile(process.execPath, [compiler, ...args], { ...limits, cwd }, (error, stdout, stderr) => {
      // 1 and 2: there are problems (TypeScript's ExitStatus).
      if (!error || error.code === 1 || error.code === 2) return done(stdout);
      const why = stderr.trim().slice(-300) || error.message;
      reject(new TwinbankError('internal', 'oem.types', `TypeScript: ${why}`));
    });
  });
}

/** `cim/a.ts(3,5): error TS2322: Type ...`; a line that goes on has blanks before it. */
function problemOf(provider: LoadedProvider, text: string): Diagnostic[] {
  const [, file, line, column, code, rest] =
    /^(.+?)\((\d+),(\d+)\): error (TS\d+): (.*)$/.exec(text) ??
    (/^error (TS\d+)/.test(text) ? [text, 'cim', '0', '0', '', text] : []);
  if (file === undefined) return [];
  const inside = relative(provider.folder, resolve(provider.folder, file));
  const expected = 'sources that the types of twinbank/cim allow';
  const problem = provider.fileProblem(inside, expected, `${code} ${rest}`.trim());
  return [{ ...problem, line: Number(line) || null, column: Number(column) || null }];
}
