import { spawn } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exhaustive } from '../../support/exhaustive.ts';
import { makeBanks, makeBundle } from './memory-host.ts';

const MiB = 2 ** 20;
/** What a host has to have to spare, whatever the size of a bundle. */
const limit = 64 * MiB;
/** Whoever held it in memory would be far above the limit by either. */
const large = exhaustive ? 400 : 160;

let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-memory-'));
  await build({
    entryPoints: [join(import.meta.dirname, 'memory-process.ts')],
    ...{ bundle: true, platform: 'node', format: 'esm', outfile: at('apply.mjs') },
  });
  await makeBundle(at('large.tbu'), large * MiB);
  await makeBundle(at('tiny.tbu'), 1);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Taken {
  readonly outcome: string;
  /** Bytes above those of the process before it began. */
  readonly above: number;
}

/** Applies a bundle in a process of its own, which is idle first. */
async function apply(
  bundle: string,
  options: { stdin?: string; hoard?: boolean } = {},
): Promise<Taken> {
  makeBanks(folder);
  const banks = [at('bank5'), at('bank6')];
  const child = spawn(
    process.execPath,
    [at('apply.mjs'), bundle, options.hoard ? 'hoard' : '', ...banks],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  if (options.stdin) createReadStream(options.stdin).pipe(child.stdin);
  else child.stdin.end();
  const { outcome, idle, peak } = JSON.parse(await text(child.stdout));
  return { outcome, above: peak - idle };
}

describe('the memory that an update takes', () => {
  const cases = {
    'a tiny bundle': () => apply(at('tiny.tbu')),
    [`a bundle of ${large} MiB from a file`]: () => apply(at('large.tbu')),
    [`a bundle of ${large} MiB from standard input`]: () => apply('-', { stdin: at('large.tbu') }),
    [`a bundle of ${large} MiB over HTTP`]: async () => {
      const server = createServer((_request, response) => {
        createReadStream(at('large.tbu')).pipe(response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      return apply(`http://127.0.0.1:${port}/large.tbu`).finally(() => server.close());
    },
  };
  for (const [name, run] of Object.entries(cases)) {
    test(`stays under 64 MiB above the idle process for ${name}`, async () => {
      const { outcome, above } = await run();
      expect(outcome).toBe('updated');
      expect(above).toBeLessThan(limit);
    });
  }

  test('would not, were a module held in memory', async () => {
    const { above } = await apply(at('large.tbu'), { hoard: true });
    expect(above).toBeGreaterThan(limit);
  });
});
