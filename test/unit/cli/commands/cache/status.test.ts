import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runHere } from '../../host.ts';

test('says where the cache is and how large its parts are, and makes none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-cache-status-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const directory = join(folder, 'cache');
  const status = (...more: string[]) =>
    runHere(['cache', 'status', ...more], { host: { env: { TWINBANK_CACHE: directory } } });
  expect((await status()).stdout).toContain(`${directory}: not there yet\n`);
  mkdirSync(join(directory, 'objects/ab'), { recursive: true });
  writeFileSync(join(directory, 'objects/ab/cd'), Buffer.alloc(3 * 2 ** 20, 1));
  const { code, stdout } = await status('--json');
  expect(code).toBe(0);
  const found = JSON.parse(stdout);
  expect(found.bytes).toBeGreaterThanOrEqual(3 * 2 ** 20);
  expect(found.parts[0]).toMatchObject({ name: 'objects' });
  expect(found.parts[0].bytes).toBeLessThanOrEqual(found.bytes);
  expect((await status()).stdout).toMatch(/^objects +3\.\d MiB +modules/m);
});
