import { resolve } from 'node:path';
import { appendJournal } from '../../bootloader/store-journal.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import { withDiskClaim } from '../../host/disk-claim.ts';
import type { ApplyOptions, ApplyResult } from '../../update/apply.ts';
import { assertBundleFile } from '../../update/bundle/bundle-file.ts';
import type { HostDisk } from '../../update/host-disk.ts';
import { type ByteSource, fileSource, streamSource } from '../../update/source/byte-source.ts';
import { updateWithJournal } from '../../update/update-with-journal.ts';
import { type Colors, type Context, defineCommand } from '../command.ts';
import { withHostDisk } from '../host-disk.ts';
import { diskImagePositional } from '../options.ts';
import { loadTrustedKeys, trustOption } from '../secrets/signing-key.ts';
import { pipedInput, standardInput } from '../standard-input.ts';
import { planJson, planText } from '../text/update-text.ts';

export const command = defineCommand({
  examples: [
    ['update out/twinbank-1.0.0.img twinbank-1.1.0.tbu', 'Into the bank that does not boot next'],
    ['update /dev/sdb https://updates.example.org/twinbank-1.1.0.tbu', 'Over the network'],
    ['update disk.img - --key release.pub <twinbank.tbu', 'From a pipe, with one more key trusted'],
  ],
  builder: (yargs) =>
    diskImagePositional(trustOption(yargs))
      .positional('bundle', {
        type: 'string',
        demandOption: true,
        describe: 'A bundle: a file, an http(s) URL, or - for standard input',
      })
      .option('dry-run', {
        type: 'boolean',
        describe: 'Read and verify the whole bundle, plan the update, and write nothing',
      })
      .option('allow-older', {
        type: 'boolean',
        describe: 'Accept a bundle that is older than what the disk has',
      }),
  dash: { bundle: 'input' },
  run: async (context, { image, bundle, key, dryRun = false, allowOlder = false }) => {
    const path = resolve(context.cwd, image);
    const options = { keys: await loadTrustedKeys(context, key), dryRun, allowOlder };
    const source = await openSource(context, bundle);
    try {
      const update = () =>
        withHostDisk(
          image,
          path,
          { writable: !dryRun, raw: true, beside: source.name, report: context.report },
          (disk) => apply(context, source, disk, options),
        );
      // Whoever holds the lock changes the banks, and this update would be planned with others.
      const result = dryRun
        ? await update()
        : await withDiskClaim(path, update, { seconds: 0, signal: context.signal, name: image });
      return {
        json: { image, bundle: source.name, outcome: result.outcome, ...planJson(result.plan) },
        text: resultText(image, result, source.name, context.colors),
      };
    } finally {
      await source.close();
    }
  },
});

function apply(
  { report, signal }: Context,
  source: ByteSource,
  disk: HostDisk,
  options: Pick<ApplyOptions, 'keys' | 'dryRun' | 'allowOlder'>,
): Promise<ApplyResult> {
  const journal = (event: Parameters<typeof appendJournal>[1]): void => {
    const problem = disk.store && appendJournal(disk.store, event, Date.now());
    if (problem) report({ type: 'warning', text: `boot journal: ${problem}` });
  };
  return updateWithJournal(source, disk, { ...options, report, signal }, journal);
}

async function openSource(context: Context, bundle: string): Promise<ByteSource> {
  const { cwd, env, report, signal } = context;
  if (bundle === '-') return streamSource(standardInput, pipedInput(context, 'bundle'));
  if (/^https?:\/\//i.test(bundle)) {
    const { httpSource } = await import('../../update/source/http-source.ts');
    const { proxiesOf } = await import('../../update/source/http-proxy.ts');
    return httpSource(bundle, { report, signal, proxyFor: proxiesOf(env) });
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(bundle)) {
    const message = `bundle: expected a file, an http or https URL, or -, found ${JSON.stringify(bundle)}`;
    throw new TwinbankError('usage', 'usage.bundle', message);
  }
  const path = resolve(cwd, bundle);
  assertBundleFile(path, bundle);
  return { ...fileSource(path), name: bundle };
}

/** The plan where there is one to carry out, and what became of it. */
function resultText(image: string, result: ApplyResult, bundle: string, colors: Colors): string {
  const { outcome, plan } = result;
  const planned = outcome === 'updated' || outcome === 'planned';
  return `${planned ? `${planText(plan, colors)}\n\n` : ''}${sentence(image, result, bundle)}`;
}

function sentence(image: string, { outcome, plan }: ApplyResult, bundle: string): string {
  const { kept, target, from, to } = plan;
  switch (outcome) {
    case 'updated':
      return `${image}: bank ${target} has ${to}, read back and verified, and boots next as a trial; bank ${kept} keeps ${from}`;
    case 'planned':
      return `${image}: ${bundle} is verified to its last byte: nothing was written`;
    case 'running':
      return `${image}: bank ${kept} has ${to} already, with all that this bundle would give it; nothing was written`;
    case 'waiting':
      return `${image}: bank ${target} has ${to} already and boots next as a trial; nothing was written`;
  }
}
