import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { systemApt } from '../../../../src/builder/components/apt.ts';
import { addBytes } from '../../../../src/builder/components/cache.ts';
import type { Resolved } from '../../../../src/builder/components/component.ts';
import { parseDepends, resolveDependency } from '../../../../src/builder/components/deb-resolve.ts';
import { aptFingerprint, remember } from '../../../../src/builder/components/resolution-cache.ts';
import {
  fetchComponents,
  readComponent,
  resolveComponents,
} from '../../../../src/builder/components/sources.ts';
import { emptyCache, emptyContext, temporaryDirectory, warnings } from './surroundings.ts';

test('a question is asked once, and again when its answer was damaged', async () => {
  const { cache, events } = emptyCache();
  let asked = 0;
  const ask = () => remember(cache, ['q'], z.number(), async () => ++asked);
  expect([await ask(), await ask()]).toEqual([1, 1]);
  const [name] = await readdir(join(cache.directory, 'resolutions'));
  await writeFile(join(cache.directory, 'resolutions', name!), '"not a number"');
  expect(await ask()).toBe(2);
  expect(warnings(events)).toHaveLength(1);
});

test('the fingerprint is noted once for whoever asks to, and taken anew for everybody else', async () => {
  const root = temporaryDirectory();
  const apt = { listsDirectory: root, configDirectory: root, options: [] };
  const noting = { ...apt, noted: {} };
  const before = await aptFingerprint(noting);
  expect(await aptFingerprint(apt)).toBe(before);
  writeFileSync(join(root, 'x_Packages'), 'a');
  expect(await aptFingerprint(noting)).toBe(before);
  expect(await aptFingerprint(apt)).not.toBe(before);
  expect(await aptFingerprint({ ...apt, noted: {} })).toBe(await aptFingerprint(apt));
});

test('the fingerprint changes with a list, a preference and an option, not with apt at work', async () => {
  const root = temporaryDirectory();
  const listsDirectory = join(root, 'lists');
  const configDirectory = join(root, 'etc');
  mkdirSync(join(listsDirectory, 'partial'), { recursive: true });
  mkdirSync(join(configDirectory, 'preferences.d'), { recursive: true });
  const list = join(listsDirectory, 'x_Packages');
  writeFileSync(list, 'a');
  const apt = { listsDirectory, configDirectory, options: [] };
  const prints = [await aptFingerprint(apt)];
  writeFileSync(join(listsDirectory, 'lock'), '');
  writeFileSync(join(listsDirectory, 'partial', 'y'), '');
  expect(await aptFingerprint(apt)).toBe(prints[0]);
  utimesSync(list, 5, 5);
  prints.push(await aptFingerprint(apt));
  writeFileSync(join(configDirectory, 'preferences.d', 'pin'), 'x');
  prints.push(await aptFingerprint(apt));
  prints.push(await aptFingerprint({ ...apt, options: ['a=b'] }));
  expect(new Set(prints).size).toBe(prints.length);
});

test('dependencies are read with their exact versions, first alternatives only', () => {
  expect(
    parseDepends(
      'linux-image-6.1.0-56-amd64 (= 6.1.192-2), liba1 (>= 1) | libb1, perl:any, ??, zlib1g',
    ),
  ).toEqual([
    { name: 'linux-image-6.1.0-56-amd64', version: '6.1.192-2' },
    { name: 'liba1' },
    { name: 'perl' },
    { name: 'zlib1g' },
  ]);
});

const row = (name: string, version: string, sha256: string): Resolved => ({
  id: `deb:${name}`,
  scheme: 'deb',
  name,
  version,
  architecture: 'amd64',
  sha256,
  bytes: 3,
});

test('with a lock, what it names comes from the cache and nothing is asked of apt', async () => {
  const { context } = emptyContext();
  const { sha256, path } = await addBytes(context.cache, Buffer.from('deb'));
  const lock = {
    schemaVersion: 1,
    components: [row('meta', '1', sha256), row('real-6', '1', sha256)],
  } as const;
  // An apt that cannot be asked at all.
  const apt = { ...systemApt, options: ['Dir::State::Lists=/nonexistent'] };
  const locked = { ...context, lock, apt };
  const [meta] = await resolveComponents([{ scheme: 'deb', name: 'meta' }], locked);
  expect(meta).toEqual(lock.components[0]);
  expect(await resolveDependency(meta!, /^real-[0-9]/, locked)).toEqual(lock.components[1]);
  expect(await fetchComponents([meta!], locked)).toEqual([{ ...meta, path }]);
});

test('all references that a lock lacks are named at once', async () => {
  const { context } = emptyContext();
  const lock = { schemaVersion: 1, components: [row('x', '1', 'a'.repeat(64))] } as const;
  const failure = resolveComponents(
    [
      { scheme: 'deb', name: 'x', version: '2' },
      { scheme: 'npm', name: 'y', version: '1.0.0' },
    ],
    { ...context, lock },
  );
  await expect(failure).rejects.toThrow('deb:x=2, npm:y@1.0.0');
  await expect(failure).rejects.toMatchObject({ kind: 'recipe', code: 'lock.missing' });
});

test('files and directories are resolved by what is in them', async () => {
  const { context } = emptyContext();
  const root = temporaryDirectory();
  writeFileSync(join(root, 'a'), 'one');
  const refs = [
    { scheme: 'file', path: join(root, 'a') },
    { scheme: 'file', path: root },
  ] as const;
  const before = await resolveComponents(refs, context);
  expect(before.map(({ bytes }) => bytes)).toEqual([3, 3]);
  writeFileSync(join(root, 'a'), 'two');
  const after = await resolveComponents(refs, context);
  expect(after[0]!.sha256).not.toBe(before[0]!.sha256);
  const missing = resolveComponents([{ scheme: 'file', path: join(root, 'no') }], context);
  await expect(missing).rejects.toMatchObject({ code: 'components.no-file' });
});

test('a file of the host that was changed since it was resolved is named, not taken', async () => {
  const path = join(temporaryDirectory(), 'driver.ko');
  writeFileSync(path, 'one');
  const { context } = emptyContext();
  const [file] = await resolveComponents([{ scheme: 'file', path }], context);
  expect((await readComponent(file!, () => true, context)).size).toBe(1);
  writeFileSync(path, 'two');
  await expect(readComponent(file!, () => true, context)).rejects.toMatchObject({
    kind: 'io',
    code: 'components.changed',
    message: `file:${path}: expected it as it was when the build began, found it changed since; build again`,
  });
});
