import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import * as z from 'zod';
import { outlivesTerminal } from '../../../host/ignored-hangup.ts';
import type { Cache } from '../../components/cache.ts';
import { type CachedBundle, cachedBundle } from '../../modules/cached-bundle.ts';
import { launchOemCode } from '../oem-code.ts';

/**
 * What a provider's bundle says of itself when it is loaded, and what is wrong with that, one sentence each. It comes from a
 * process in which foreign code runs. Of the schema of a class (src/runtime/agents/cim/provider.ts) only the name counts here.
 */
const schemasForm = z.object({
  problems: z.array(z.string().max(10_000)).max(1000),
  classes: z.array(z.looseObject({ name: z.string() })).max(1000),
  monitors: z.boolean(),
});
export type ProviderSchemas = z.output<typeof schemasForm>;

/** What a provider's code may take while it is loaded. */
export const limits = { timeoutMs: 10_000, heapMebibytes: 128, answerBytes: 2 ** 20 };

/** The program of the process. */
export function describeWorker(cache: Cache): Promise<CachedBundle> {
  return cachedBundle('src/runtime/agents/cim/describe-worker.ts', { target: 'node20.19' }, cache);
}

interface DescribeOptions {
  readonly cache: Cache;
  /** As messages call it. */
  readonly what: string;
  /** Our own, of the base. */
  readonly isBase?: boolean;
  /** It may run with all rights. */
  readonly trustOem?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

/**
 * Loads a provider's bundle as the bank will, in a confined process with bounds of time and memory, and holds its classes against
 * the rules of the interface; the code that does so is the runtime's own. Throws `oem.unconfined`.
 */
export async function describeProvider(
  data: Uint8Array,
  {
    cache,
    what,
    isBase = false,
    trustOem = false,
    signal,
    timeoutMs = limits.timeoutMs,
  }: DescribeOptions,
): Promise<ProviderSchemas> {
  const launch = await launchOemCode(what, { trusted: isBase || trustOem });
  const program = await (await describeWorker(cache)).read();
  const input = JSON.stringify({ bundle: Buffer.from(data).toString(), isBase });
  const { file, args, ...user } = launch;
  const heap = `--max-old-space-size=${limits.heapMebibytes}`;
  const child = spawn(file, [...args, heap, '--input-type=module', '-'], {
    ...user,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    detached: outlivesTerminal,
    ...(signal && { signal, killSignal: 'SIGKILL' as const }),
  });
  const failed = (why: string): ProviderSchemas => ({
    problems: [`expected to load, found: ${why}`],
    classes: [],
    monitors: false,
  });
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const answer: Buffer[] = [];
    let bytes = 0;
    (child.stdio[3] as Readable).on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limits.answerBytes) answer.push(chunk);
      else child.kill('SIGKILL');
    });
    // One that ends before it has read everything.
    child.stdin?.on('error', () => {});
    child.stdin?.end(`globalThis.describeInput = ${input};\n${program}`);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(signal?.aborted ? signal.reason : error);
    });
    child.once('close', (code, by) => {
      clearTimeout(timer);
      if (late) return resolve(failed(`it takes more than ${timeoutMs / 1000} s`));
      if (bytes > limits.answerBytes) return resolve(failed('it says too much of itself'));
      // So V8 ends; 128 and the signal's number where bubblewrap tells of it.
      if (by === 'SIGABRT' || code === 134) {
        return resolve(failed(`it takes more than ${limits.heapMebibytes} MiB of memory`));
      }
      if (bytes === 0) return resolve(failed(`it ended the process with ${by ?? code}`));
      const said = parsed(Buffer.concat(answer).toString());
      resolve(said ?? failed('a message that is not its description'));
    });
  });
}

function parsed(text: string): ProviderSchemas | undefined {
  try {
    return schemasForm.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
