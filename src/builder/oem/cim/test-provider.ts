import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withTemporaryFolder } from '../../../host/temporary-folder.ts';
import { recipeError } from '../../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../../recipe/provider.ts';
import { bundleCimFile } from './bundle-provider.ts';
import { cimFiles, isTest } from './provider-sources.ts';

interface ProviderTests {
  /** Files with tests, relative to the provider's folder. */
  readonly files: readonly string[];
  readonly passed: boolean;
  /** What Node's test runner said. */
  readonly output: string;
}

const limits = { timeout: 300_000, maxBuffer: 1 << 24 };

/**
 * Runs the tests of a provider's folder, `cim/*.test.ts`, by Node's own test runner: on this machine, with hosts that are folders
 * (`twinbank/cim/testing`). Throws `recipe.invalid` (kind `recipe`) for one that does not bundle.
 */
export async function testProviders(
  provider: LoadedProvider,
  signal?: AbortSignal,
): Promise<ProviderTests> {
  const files = provider.cim.length > 0 ? cimFiles(provider).filter(isTest) : [];
  if (files.length === 0) return { files, passed: true, output: '' };
  const bundles = await Promise.all(
    files.map((file) => bundleCimFile(provider, file, { target: 'node20.19', isTest: true })),
  );
  const problems = bundles.flatMap((one) => one.problems);
  if (problems.length > 0) throw recipeError(problems);
  return withTemporaryFolder('oemtest', async (folder) => {
    const places = await Promise.all(
      files.map(async (file, index) => {
        const place = join(folder, `${index}-${basename(file, '.ts')}.mjs`);
        await writeFile(place, bundles[index]?.data ?? new Uint8Array());
        return place;
      }),
    );
    return { files, ...(await runNode(places, signal)) };
  });
}

function runNode(
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ passed: boolean; output: string }> {
  const args = ['--enable-source-maps', '--test', '--test-reporter=spec', ...files];
  // A test runner that runs inside another one talks to that instead.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      args,
      { ...limits, env, ...(signal && { signal }) },
      (error, stdout, stderr) => {
        if (signal?.aborted) return reject(signal.reason);
        resolve({ passed: !error, output: `${stdout}${stderr}`.trim() });
      },
    );
  });
}
