import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeNewFiles, writeNewTree } from '../../../src/cli/new-files.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-new-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

test('takes the first file away when the second comes into being meanwhile', () => {
  writeFileSync(at('b'), 'of another');
  const files = ['a', 'b'].map((name) => ({ path: at(name), text: name, mode: 0o600 }));
  expect(() => writeNewFiles(files)).toThrow('expected no file of this name');
  expect(readdirSync(folder)).toEqual(['b']);
  expect(readFileSync(at('b'), 'utf8')).toBe('of another');
});

test('leaves neither when the second cannot be written to its end', () => {
  const noText = 42 as unknown as string;
  const files = [
    { path: at('a'), text: 'a', mode: 0o600 },
    { path: at('b'), text: noText, mode: 0o600 },
  ];
  expect(() => writeNewFiles(files)).toThrow(TypeError);
  expect(readdirSync(folder)).toEqual([]);
});

test('gives a file its mode when it makes it, whatever the umask lets through', () => {
  const before = process.umask(0);
  try {
    writeNewFiles([{ path: at('a'), text: 'a', mode: 0o600 }]);
  } finally {
    process.umask(before);
  }
  expect(statSync(at('a')).mode & 0o777).toBe(0o600);
});

test('takes the folders that it made for a tree away with its files, and no other', () => {
  mkdirSync(at('there'));
  const files = ['x', 'there/x', 'a/b/x', 'a/c/x', 'a/b/x/y'].map((path) => ({ path, text: '' }));
  expect(() => writeNewTree(folder, files)).toThrow('expected no file of this name');
  expect(readdirSync(folder, { recursive: true })).toEqual(['there']);
});

test('takes them away where the next folder cannot be made', () => {
  const long = 'x'.repeat(256);
  const files = [`a/b/x`, `c/d/${long}/x`].map((path) => ({ path, text: '' }));
  expect(() => writeNewTree(at('new/tree'), files)).toThrow('ENAMETOOLONG');
  expect(readdirSync(folder)).toEqual([]);
});
