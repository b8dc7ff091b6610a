import * as z from 'zod';
import { TwinbankError } from '../../../diagnostics/error.ts';
import type { ComponentContext } from '../../components/component.ts';
import { getOrBuild } from '../../components/derived.ts';
import { sha256 } from '../../components/digest.ts';
import type { FileTree } from '../../components/file-tree.ts';
import { cachedBundle } from '../cached-bundle.ts';
import { placeEngine } from './placed-engine.ts';
import type { RemovedPart } from './trim-engine.ts';

const entry = 'src/runtime/engine-check/main.ts';

/**
 * Runs what agents use on the engine of a tree, on the build host, as it will be packed. What was found is remembered by the
 * engine's bytes: another way of packing needs no other check. Throws `engine.check-failed` (kind `corrupt`) with all
 * problems, and `host.tool-failed` where the engine does not get to its end.
 */
export async function checkEngine(
  tree: FileTree,
  leftOut: readonly RemovedPart[],
  folder: string,
  { cache, signal }: ComponentContext,
): Promise<void> {
  const check = await cachedBundle(entry, { target: 'node20.19' }, cache);
  const parts = leftOut.map(({ imported, message }) => ({ imported, message }));
  const files = [...tree].map(([path, file]) => [path, file.type === 'file' && sha256(file.data)]);
  const key = sha256(JSON.stringify({ type: 'engine-check', check: check.sha256, parts, files }));
  const { meta: problems } = await getOrBuild(cache, key, async () => {
    const engine = await placeEngine(tree, folder);
    const input = { engine: engine.command, leftOut: parts };
    const found = await engine.run('check.mjs', await check.read(), input, signal);
    const meta = z.array(z.string()).parse(JSON.parse(found));
    return { data: new Uint8Array(), meta };
  });
  if (problems.length === 0) return;
  throw new TwinbankError(
    'corrupt',
    'engine.check-failed',
    `engine: expected the trimmed engine to do what agents use, found ${problems.join('; ')}`,
    { data: { problems } },
  );
}
