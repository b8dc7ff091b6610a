import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Launch } from '../../../host/confine.ts';
import { withTemporaryFolder } from '../../../host/temporary-folder.ts';
import { recipeError } from '../../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../../recipe/provider.ts';
import { launchOemCode } from '../oem-code.ts';
import { bundleCimFile } from './bundle-provider.ts';
import { cimFiles, cimSourceProblems, isTest } from './provider-sources.ts';

interface ProviderTests {
  /** Files with tests, relative to the provider's folder. */
  readonly files: readonly string[];
  readonly passed: boolean;
  /** What Node's test runner said. */
  readonly output: string;
}

interface TestOptions {
  readonly signal?: AbortSignal | undefined;
  /** They may run with all rights. */
  readonly trustOem?: boolean | undefined;
}

const limits = { timeout: 300_000, maxBuffer: 1 << 24 };

/**
 * Runs the tests of a provider's folder, `cim/*.test.ts`, by Node's own test runner: on this machine, with hosts that are folders
 * (`twinbank/cim/testing`), confined: they see the folder and no other file of whoever runs them. Throws `recipe.invalid` (kind
 * `recipe`) for one that does not bundle, and `oem.unconfined`.
 */
export async function testProviders(
  provider: LoadedProvider,
  { signal, trustOem = false }: TestOptions = {},
): Promise<ProviderTests> {
  const files = provider.cim.length > 0 ? cimFiles(provider).filter(isTest) : [];
  if (files.length === 0) return { files, passed: true, output: '' };
  // Bundling is not confined: a link would bring any file of whoever runs them in.
  const misplaced = cimSourceProblems(provider);
  if (misplaced.length > 0) throw recipeError(misplaced);
  const bundles = await Promise.all(
    files.map((file) => bundleCimFile(provider, file, { target: 'node20.19', isTest: true })),
  );
  const problems = bundles.flatMap((one) => one.problems);
  if (problems.length > 0) throw recipeError(problems);
  return withTemporaryFolder('oemtest', async (folder) => {
    // Who confines them may be nobody.
    await chmod(folder, 0o755);
    const places = await Promise.all(
      files.map(async (file, index) => {
        const place = join(folder, `${index}-${basename(file, '.ts')}.mjs`);
        await writeFile(place, bundles[index]?.data ?? new Uint8Array());
        return place;
      }),
    );
    const own = realpathSync(provider.folder);
    const what = `${basename(own)}: ${files.join(', ')}`;
    const readable = [own, folder];
    const launch = await launchOemCode(what, { trusted: trustOem, readable });
    return { files, ...(await runNode(launch, places, signal)) };
  });
}

function runNode(
  { file, args: before, ...user }: Launch,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ passed: boolean; output: string }> {
  const args = [...before, '--enable-source-maps', '--test', '--test-reporter=spec', ...files];
  // A test runner that runs inside another one talks to that instead.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      { ...limits, env, ...user, ...(signal && { signal }) },
      (error, stdout, stderr) => {
        if (signal?.aborted) return reject(signal.reason);
        resolve({ passed: !error, output: `${stdout}${stderr}`.trim() });
      },
    );
  });
}
