import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readProviderTree } from '../../../../src/builder/oem/provider-tree.ts';
import { renderDiagnostic } from '../../../../src/recipe/diagnostic.ts';
import { readProvider } from '../../../../src/recipe/provider.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

const kinds = [
  ['folder', 'no regular file at oem/folder'],
  ['pipe', 'no regular file at oem/pipe'],
] as const;

test.each(kinds)('names a logo once that is %s', (file, found) => {
  const cwd = temporaryFiles({
    'oem/provider.yaml': `name: acme\nvendor: ACME\nversion: "1.0"\ndefaults: { console: { title: A, logo: "file:${file}" } }\n`,
    'oem/folder/x': '',
  });
  execFileSync('mkfifo', [join(cwd, 'oem/pipe')]);
  const { provider, problems } = readProvider('oem', cwd);
  if (!provider) throw new Error(problems.map(renderDiagnostic).join('\n'));
  const all = [...problems, ...readProviderTree(provider).problems].map(renderDiagnostic);
  const message = `defaults.console.logo: expected a file that exists, found ${found}`;
  expect(all.filter((one) => one.includes(message))).toHaveLength(1);
});
