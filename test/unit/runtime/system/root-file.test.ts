import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  appendToOwnFile,
  assertOwnFolder,
  createOwnFile,
  openOwnFile,
  replaceOwnFile,
} from '../../../../src/runtime/system/root-file.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';

/** An agent's; tests run as root. */
const agent = 110;
let root: string;
let folder: string;
let shadow: string;
beforeEach(() => {
  root = temporaryFiles({ 'etc/shadow': 'secret', 'own/x': '' });
  folder = join(root, 'own');
  shadow = join(root, 'etc/shadow');
});

describe('a folder', () => {
  test.each([
    ['of another user', () => chownSync(folder, agent, agent), 'found one of user 110'],
    ['that others may write', () => chmodSync(folder, 0o1777), 'found one that others may write'],
    ['that a group may write', () => chmodSync(folder, 0o770), 'found one that others may write'],
  ])('%s has nothing made, read, added to or removed in it', (_what, spoil, why) => {
    const path = join(folder, 'x');
    spoil();
    const works = [
      () => createOwnFile(path, 'news', { mode: 0o600 }),
      () => replaceOwnFile(path, 'news', { mode: 0o600 }),
      () => appendToOwnFile(path, Buffer.from('news')),
      () => openOwnFile(path),
    ];
    for (const work of works) expect(work).toThrow(why);
    expect([readdirSync(folder), readFileSync(path, 'utf8')]).toEqual([['x'], '']);
  });

  test('is none where the name is a link to one, or is not there', () => {
    symlinkSync(folder, join(root, 'link'));
    expect(() => assertOwnFolder(join(root, 'link'))).toThrow('found something else');
    expect(() => assertOwnFolder(join(root, 'gone'))).toThrow('found none');
  });
});

describe('a file', () => {
  test('is made anew, whatever has its name, and has its mode and its owner', () => {
    for (const make of [createOwnFile, replaceOwnFile]) {
      for (const name of ['x', 'y', 'y.new']) {
        const path = join(folder, name);
        if (lstatSync(path, { throwIfNoEntry: false })) continue;
        symlinkSync(shadow, path);
      }
      make(join(folder, 'y'), 'news', { mode: 0o440, owner: { uid: 0, gid: agent } });
      const { mode, uid, gid } = lstatSync(join(folder, 'y'));
      expect([mode & 0o777, uid, gid]).toEqual([0o440, 0, agent]);
      expect(readFileSync(join(folder, 'y'), 'utf8')).toBe('news');
    }
    expect(readFileSync(shadow, 'utf8')).toBe('secret');
  });

  test('that is a link is not opened', () => {
    symlinkSync(shadow, join(folder, 'link'));
    expect(() => openOwnFile(join(folder, 'link'))).toThrow('ELOOP');
    expect(() => appendToOwnFile(join(folder, 'link'), Buffer.from('x'))).toThrow('ELOOP');
    expect(readFileSync(shadow, 'utf8')).toBe('secret');
  });

  test('that is a pipe is refused at once, though nobody reads or writes it', () => {
    const path = join(folder, 'pipe');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    expect(() => openOwnFile(path)).toThrow('expected a plain file of our own');
    expect(() => appendToOwnFile(path, Buffer.from('x'))).toThrow('ENXIO');
    createOwnFile(path, 'news', { mode: 0o600 });
    expect(readFileSync(path, 'utf8')).toBe('news');
  });

  test('of another user is refused, and one of our own is read and added to', () => {
    const path = join(folder, 'x');
    appendToOwnFile(path, Buffer.from('one '));
    appendToOwnFile(path, Buffer.from('two'));
    expect(readFileSync(path, 'utf8')).toBe('one two');
    chownSync(path, agent, agent);
    expect(() => openOwnFile(path)).toThrow('found one of user 110');
  });

  test('is not made in place of a folder', () => {
    mkdirSync(join(folder, 'taken'));
    const path = join(folder, 'taken');
    expect(() => createOwnFile(path, 'x', { mode: 0o600 })).toThrow('EISDIR');
    rmdirSync(path);
  });

  test('leaves another name of what was there as it is', () => {
    linkSync(shadow, join(folder, 'hard'));
    createOwnFile(join(folder, 'hard'), 'news', { mode: 0o600 });
    writeFileSync(join(folder, 'hard'), 'more');
    expect(readFileSync(shadow, 'utf8')).toBe('secret');
  });
});
