import { bundleBytes, writeBundle } from '../update/bundle/bundle-writer.ts';
import type { BundlePlan } from '../update/bundle/make-bundle.ts';
import type { Context } from './command.ts';
import type { OutputFile } from './output-file.ts';

/** Writes a bundle; returns its bytes. Throws as `writeBundle` and the output do. */
export async function writeBundleFile(
  { report, signal }: Pick<Context, 'report' | 'signal'>,
  output: OutputFile,
  plan: BundlePlan,
): Promise<number> {
  const total = bundleBytes(plan);
  let bytes = 0;
  await output.write(async (write) => {
    await writeBundle(async (chunk) => {
      signal.throwIfAborted();
      await write(chunk);
      bytes += chunk.length;
      report({ type: 'progress', task: 'write', done: bytes, total, unit: 'bytes' });
    }, plan);
  });
  report({ type: 'done', task: 'write' });
  return bytes;
}
