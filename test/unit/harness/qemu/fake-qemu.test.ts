import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fakeQemu } from './fake-qemu.ts';

test('leaves the environment as it was, also where it is installed twice', () => {
  const { PATH, TMPDIR } = process.env;
  const first = fakeQemu('');
  const second = fakeQemu('');
  expect(existsSync(first.folder)).toBe(false);
  expect(process.env.PATH).toContain(second.folder);
  // Of the one that is gone.
  first.restore();
  expect(process.env.PATH).toContain(second.folder);
  second.restore();
  second.restore();
  expect({ PATH: process.env.PATH, TMPDIR: process.env.TMPDIR }).toEqual({ PATH, TMPDIR });
  expect(existsSync(second.folder)).toBe(false);
});
