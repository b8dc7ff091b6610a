import * as z from 'zod';
import { TwinbankError } from '../../../diagnostics/error.ts';
import type { BuiltinSources } from './builtin-sources.ts';
import type { PlacedEngine } from './placed-engine.ts';

/** The JavaScript that Node is made of, as it says itself. */
export interface Builtins {
  readonly sources: BuiltinSources;
  /** Ids of those that it loads for the modules that agents import. */
  readonly loaded: readonly string[];
}

/** What agents and OEMs' providers import, or will: `node:` before each. */
const imported = [
  ...['assert', 'async_hooks', 'buffer', 'child_process', 'crypto', 'dgram', 'dns', 'events', 'fs'],
  ...['fs/promises', 'http', 'https', 'net', 'os', 'path', 'perf_hooks', 'process', 'querystring'],
  ...['readline', 'stream', 'stream/promises', 'string_decoder', 'timers/promises', 'tls', 'url'],
  ...['util', 'worker_threads', 'zlib'],
];

const script = `
for (const name of ${JSON.stringify(imported)}) require('node:' + name);
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const loaded = () => process.moduleLoadList.flatMap((line) => line.split('NativeModule ')[1] ?? []);
if (isMainThread) {
  // process.binding is deprecated, and says so on standard error.
  process.noDeprecation = true;
  const sources = Object.entries(process.binding('natives')).filter(([, text]) => typeof text === 'string');
  new Worker(__filename).once('message', (other) =>
    require('node:fs').writeFileSync(process.argv[2], JSON.stringify({ sources, loaded: [...new Set([...loaded(), ...other])] })));
} else parentPort.postMessage(loaded());
`;

const form = z.object({
  sources: z.array(z.tuple([z.string(), z.string()])),
  loaded: z.array(z.string()),
});

/** Asks the engine itself. Throws `engine.no-builtins` (kind `corrupt`) where it says something else. */
export async function describeBuiltins(
  engine: PlacedEngine,
  signal?: AbortSignal,
): Promise<Builtins> {
  const text = await engine.run('builtins.cjs', script, {}, signal);
  const { success, data } = form.safeParse(JSON.parse(text));
  if (!success || data.sources.length === 0) {
    throw new TwinbankError(
      'corrupt',
      'engine.no-builtins',
      `engine: expected Node to write down its own JavaScript, found ${text.slice(0, 100)}`,
    );
  }
  return { sources: new Map(data.sources), loaded: data.loaded };
}
