import { linkSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { allocatedBytes } from '../../../src/disk/allocated-bytes.ts';

test('counts what is on the disk: no hole, each file once, what is not there not at all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-size-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const empty = allocatedBytes(folder);
  mkdirSync(join(folder, 'in'));
  writeFileSync(join(folder, 'in/data'), Buffer.alloc(2 ** 20, 1));
  linkSync(join(folder, 'in/data'), join(folder, 'again'));
  writeFileSync(join(folder, 'hole'), '');
  truncateSync(join(folder, 'hole'), 2 ** 30);
  const bytes = allocatedBytes(folder);
  expect(bytes).toBeGreaterThanOrEqual(empty + 2 ** 20);
  expect(bytes).toBeLessThan(empty + 2 ** 20 + 2 ** 16);
  expect(allocatedBytes(join(folder, 'gone'))).toBe(0);
});
