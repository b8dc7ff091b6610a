import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolders } from '../../../src/disk/make-folders.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-make-folders-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder', () => {
  it('is made with those above it, with the mode that was asked for', () => {
    const path = join(folder, 'a/b/c');
    makeFolders(path, 0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
  });

  it('may be there, by a link too', () => {
    makeFolders(folder);
    symlinkSync(folder, join(folder, 'link'));
    makeFolders(join(folder, 'link'));
    makeFolders(join(folder, 'link/d'));
    expect(existsSync(join(folder, 'd'))).toBe(true);
  });

  it('is not made over or below a file, nor through a link to nothing', () => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('nowhere', join(folder, 'dangling'));
    expect(() => makeFolders(join(folder, 'file'))).toThrow('EEXIST');
    expect(() => makeFolders(join(folder, 'file/e'))).toThrow('ENOTDIR');
    expect(() => makeFolders(join(folder, 'dangling'))).toThrow('EEXIST');
  });

  it('is given up where the file system takes none', () => {
    expect(() => makeFolders('/proc/twinbank')).toThrow('ENOENT');
    expect(() => makeFolders('/proc/twinbank/keys')).toThrow('ENOENT');
  });
});
