import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import type { Cache } from '../../components/cache.ts';
import { type CachedBundle, cachedBundle } from '../../modules/cached-bundle.ts';

/** The schema of a class as the running system has it (src/runtime/agents/cim/provider.ts); here only its name counts. */
interface ClassSchema {
  readonly name: string;
  readonly [member: string]: unknown;
}

/** What a provider's bundle says of itself when it is loaded, and what is wrong with that, one sentence each. */
export interface ProviderSchemas {
  readonly problems: readonly string[];
  readonly classes: readonly ClassSchema[];
  readonly monitors: boolean;
}

const limits = { timeoutMs: 10_000, maxOldGenerationSizeMb: 128 };

/** What the thread says; the provider's own code runs in it, and can say anything in its place. */
const schemasForm = z.object({
  problems: z.array(z.string().max(10_000)).max(1000),
  classes: z.array(z.looseObject({ name: z.string() })).max(1000),
  monitors: z.boolean(),
});

/** The thread's program. */
export function describeWorker(cache: Cache): Promise<CachedBundle> {
  return cachedBundle('src/runtime/agents/cim/describe-worker.ts', { target: 'node20.19' }, cache);
}

/**
 * Loads a provider's bundle as the bank will, in a thread with bounds of time and memory, and holds its classes against
 * the rules of the interface; the code that does so is the runtime's own.
 */
export async function describeProvider(
  data: Uint8Array,
  cache: Cache,
  { isBase = false } = {},
): Promise<ProviderSchemas> {
  const program = await (await describeWorker(cache)).read();
  const url = `data:text/javascript;base64,${Buffer.from(program).toString('base64')}`;
  const worker = new Worker(new URL(url), {
    workerData: { bundle: Buffer.from(data).toString(), isBase },
    resourceLimits: { maxOldGenerationSizeMb: limits.maxOldGenerationSizeMb },
    stdout: true,
    stderr: true,
    env: {},
  });
  const failed = (why: string): ProviderSchemas => ({
    problems: [`expected to load, found: ${why}`],
    classes: [],
    monitors: false,
  });
  try {
    return await new Promise((resolve) => {
      const timer = setTimeout(
        () => resolve(failed(`it takes more than ${limits.timeoutMs / 1000} s`)),
        limits.timeoutMs,
      );
      const settle = (found: ProviderSchemas): void => {
        clearTimeout(timer);
        resolve(found);
      };
      worker.once('message', (message: unknown) => {
        const found = schemasForm.safeParse(message);
        settle(found.success ? found.data : failed('a message that is not its description'));
      });
      worker.once('error', (error) => settle(failed(error.message)));
      worker.once('exit', (code) => settle(failed(`it ended the process with ${code}`)));
    });
  } finally {
    await worker.terminate();
  }
}
