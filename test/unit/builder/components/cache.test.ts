import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import * as z from 'zod';
import {
  addBytes,
  addFile,
  type Cache,
  findObject,
  readObject,
  withScratch,
} from '../../../../src/builder/components/cache.ts';
import { entryPath } from '../../../../src/builder/components/cache-entry.ts';
import { getOrBuild } from '../../../../src/builder/components/derived.ts';
import { sha256 } from '../../../../src/builder/components/digest.ts';
import { remember } from '../../../../src/builder/components/resolution-cache.ts';
import { cacheDirectory } from '../../../../src/host/own-folders.ts';
import { emptyCache, warnings } from './surroundings.ts';

test('the directory comes from TWINBANK_CACHE, then XDG_CACHE_HOME, then the home', () => {
  const all = { TWINBANK_CACHE: '/t', XDG_CACHE_HOME: '/x', HOME: '/h' };
  expect(cacheDirectory(all)).toBe('/t');
  expect(cacheDirectory({ ...all, TWINBANK_CACHE: '' })).toBe('/x/twinbank');
  expect(cacheDirectory({ HOME: '/h' })).toBe('/h/.cache/twinbank');
});

test('bytes are found by their hash, and only whole', async () => {
  const { cache, events } = emptyCache();
  const { path, sha256: hash } = await addBytes(cache, Buffer.from('some bytes'));
  expect(await findObject(cache, hash, 10)).toBe(path);
  expect(await readObject(cache, hash)).toEqual(Buffer.from('some bytes'));
  truncateSync(path, 4);
  expect(await findObject(cache, hash, 10)).toBeUndefined();
  expect(warnings(events)).toHaveLength(1);
  expect(await findObject(cache, hash)).toBeUndefined();
});

test('an object that was written to is noticed though its size is the same', async () => {
  const { cache, events } = emptyCache();
  const { path, sha256: hash } = await addBytes(cache, Buffer.from('some bytes'));
  await writeFile(path, 'some BYTES');
  expect(await findObject(cache, hash, 10)).toBeUndefined();
  expect(warnings(events)).toHaveLength(1);
});

test('an object whose time alone changed is still good', async () => {
  const { cache, events } = emptyCache();
  const { path, sha256: hash } = await addBytes(cache, Buffer.from('some bytes'));
  utimesSync(path, 1, 1);
  expect(await findObject(cache, hash, 10)).toBe(path);
  expect(warnings(events)).toEqual([]);
});

test('an object that was changed before this process is noticed though size and time are as they were', async () => {
  const { cache, events } = emptyCache();
  const { path, sha256: hash } = await addBytes(cache, Buffer.from('some bytes'));
  const { atime, mtime } = statSync(path);
  for (const time of [mtime, new Date('2000-01-01T00:00:00Z')]) {
    writeFileSync(path, 'some BYTES');
    utimesSync(path, atime, time);
    // What another process knows is in another cache object.
    expect(await findObject({ ...cache }, hash, 10)).toBeUndefined();
  }
  expect(warnings(events)).toHaveLength(2);
});

test('an object that this process knows is hashed again when it was changed', async () => {
  const { cache, events } = emptyCache();
  const { path, sha256: hash } = await addBytes(cache, Buffer.from('some bytes'));
  const { atime, mtime } = statSync(path);
  expect(await findObject(cache, hash, 10)).toBe(path);
  writeFileSync(path, 'some BYTES');
  utimesSync(path, atime, mtime);
  expect(await findObject(cache, hash, 10)).toBeUndefined();
  expect(warnings(events)).toHaveLength(1);
});

test('damage that no size or time shows is found when the bytes are read', async () => {
  const { cache } = emptyCache();
  const { path, sha256: hash } = await addBytes(cache, Buffer.from('some bytes'));
  const { mtime } = statSync(path);
  writeFileSync(path, 'some BYTES');
  utimesSync(path, mtime, mtime);
  await expect(readObject(cache, hash)).rejects.toMatchObject({ code: 'cache.object-damaged' });
  await expect(readObject(cache, hash)).rejects.toMatchObject({ code: 'cache.object-missing' });
});

test('scratch is gone after success and after failure', async () => {
  const { cache } = emptyCache();
  const object = await withScratch(cache, async (directory) => {
    await writeFile(join(directory, 'x'), 'x');
    return addFile(cache, join(directory, 'x'));
  });
  expect(await readFile(object.path, 'utf8')).toBe('x');
  await expect(withScratch(cache, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(readdirSync(join(cache.directory, 'scratch'))).toEqual([]);
});

test('a file system without room is one sentence of kind io', async () => {
  const { cache } = emptyCache();
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
  const built = withScratch(cache, () => Promise.reject(full));
  const data = { errno: 'ENOSPC', path: expect.stringContaining(cache.directory) };
  await expect(built).rejects.toMatchObject({ kind: 'io', code: 'file.no-space', data });
});

const key = sha256('inputs');
const builds = (cache: Cache, text: string, count: { n: number }) =>
  getOrBuild(cache, key, async () => {
    count.n++;
    return { data: Buffer.from(text), meta: { files: ['a'] } };
  });

test('an artefact is built once for its key', async () => {
  const { cache } = emptyCache();
  const count = { n: 0 };
  const first = await builds(cache, 'module', count);
  const second = await builds(cache, 'module', count);
  expect([first.cached, second.cached, count.n]).toEqual([false, true, 1]);
  expect(second).toEqual({ ...first, cached: true });
});

test('an artefact may be a file from the scratch directory', async () => {
  const { cache } = emptyCache();
  const built = await getOrBuild(cache, key, async (scratch) => {
    const file = join(scratch, 'out');
    await writeFile(file, 'from a tool');
    return { file, meta: null };
  });
  expect(built).toMatchObject({ sha256: sha256('from a tool'), bytes: 11, meta: null });
  expect(await readFile(built.path, 'utf8')).toBe('from a tool');
});

test('who asks for what is being made waits for it; a failure is told to each, and forgotten', async () => {
  const { cache } = emptyCache();
  const count = { n: 0 };
  const [one, other] = [builds(cache, 'same', count), builds(cache, 'same', count)];
  expect(await other).toEqual(await one);
  expect(count.n).toBe(1);
  const fails = () => getOrBuild(cache, sha256('other'), () => Promise.reject(new Error('no')));
  expect((await Promise.allSettled([fails(), fails()])).map((end) => end.status)).toEqual([
    'rejected',
    'rejected',
  ]);
  const made = getOrBuild(cache, sha256('other'), async () => ({ data: Buffer.of(1), meta: null }));
  expect(await made).toMatchObject({ bytes: 1, cached: false });
});

test('two processes that build the same at once are both right, and one entry is left', async () => {
  const { cache } = emptyCache();
  const count = { n: 0 };
  const process = () => builds({ ...cache }, 'same', count);
  const both = await Promise.all([process(), process()]);
  for (const one of both) expect(await readFile(one.path, 'utf8')).toBe('same');
  expect(readdirSync(join(cache.directory, 'derived'))).toEqual([
    basename(entryPath(cache, 'derived', key)),
  ]);
  expect(readdirSync(join(cache.directory, 'objects', both[0].sha256.slice(0, 2)))).toHaveLength(1);
});

test.each([
  ['a truncated artefact', (_: string, object: string) => truncateSync(object, 1)],
  ['an entry that is cut short', (entry: string) => truncateSync(entry, 20)],
  ['an entry of another shape', (entry: string) => writeFileSync(entry, '{"sha256":"../x"}')],
  ['an entry that is no object', (entry: string) => writeFileSync(entry, 'null')],
  ['an entry that is a pipe', (entry: string) => makePipe(entry)],
  ['an object that is a folder', (_: string, path: string) => makeFolder(path)],
])('%s is built again with a warning', async (_, damage) => {
  const { cache, events } = emptyCache();
  const count = { n: 0 };
  const first = await builds(cache, 'module', count);
  damage(entryPath(cache, 'derived', key), first.path);
  const again = await builds(cache, 'module', count);
  expect(again).toEqual({ ...first, cached: false });
  expect(count.n).toBe(2);
  expect(warnings(events)).toHaveLength(1);
});

test('an object that is a pipe is not waited for', async () => {
  const { cache, events } = emptyCache();
  const { path, sha256: hash } = await addBytes(cache, Buffer.from('text'));
  makePipe(path);
  expect(await findObject(cache, hash)).toBeUndefined();
  expect(existsSync(path)).toBe(false);
  expect(warnings(events)).toHaveLength(1);
});

function makePipe(path: string): void {
  rmSync(path);
  execFileSync('mkfifo', [path]);
}

function makeFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
  writeFileSync(join(path, 'file'), '');
}

describe('an entry of the cache', () => {
  it('is named where a folder has its name', async () => {
    const { cache } = emptyCache();
    await builds(cache, 'module', { n: 0 });
    const path = entryPath(cache, 'derived', key);
    makeFolder(path);
    await expect(builds(cache, 'module', { n: 0 })).rejects.toThrow(path);
  });

  it('is not believed once somebody has changed it, though its object is whole', async () => {
    const { cache, events } = emptyCache();
    const count = { n: 0 };
    const first = await builds(cache, 'module', count);
    const path = entryPath(cache, 'derived', key);
    const { sha256: hash, bytes } = await addBytes(cache, Buffer.from('evil'));
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(first.sha256, hash).replace('6,', `${bytes},`));
    expect(readFileSync(path, 'utf8')).not.toBe(text);
    expect(await builds({ ...cache }, 'module', count)).toEqual({ ...first, cached: false });
    expect(warnings(events)).toEqual([
      `${path}: damaged in the cache, or changed by somebody else; it is made again`,
    ]);
  });

  it('is not believed under the name of another one', async () => {
    const { cache } = emptyCache();
    const other = sha256('other');
    await getOrBuild(cache, other, async () => ({ data: Buffer.from('evil'), meta: null }));
    copyFileSync(entryPath(cache, 'derived', other), entryPath(cache, 'derived', key));
    expect(await builds(cache, 'module', { n: 0 })).toMatchObject({ sha256: sha256('module') });
  });

  it('is not believed from another user, who takes nothing from this one either', async () => {
    const { cache, events } = emptyCache();
    const count = { n: 0 };
    const theirs = { ...cache, key: Buffer.alloc(32, 2) };
    await builds(theirs, 'evil', count);
    expect(await builds(cache, 'module', count)).toMatchObject({ sha256: sha256('module') });
    expect(await builds(theirs, 'other', count)).toMatchObject({ sha256: sha256('evil') });
    expect(count.n).toBe(2);
    expect(warnings(events)).toEqual([]);
  });

  it('that is an answer of apt or npm is asked for again once somebody has changed it', async () => {
    const { cache, events } = emptyCache();
    const ask = () => remember({ ...cache }, ['query'], z.string(), async () => 'true');
    await ask();
    const [name] = readdirSync(join(cache.directory, 'resolutions'));
    const path = join(cache.directory, 'resolutions', name!);
    writeFileSync(path, readFileSync(path, 'utf8').replace('true', 'evil'));
    expect(await ask()).toBe('true');
    expect(warnings(events)).toHaveLength(1);
  });
});

test('a cache that cannot be written to is one sentence of kind io', async () => {
  const { cache } = emptyCache();
  mkdirSync(join(cache.directory, 'x'));
  writeFileSync(join(cache.directory, 'x', 'file'), '');
  const blocked = { ...cache, directory: join(cache.directory, 'x', 'file') };
  await expect(addBytes(blocked, Buffer.from('x'))).rejects.toMatchObject({ kind: 'io' });
});
