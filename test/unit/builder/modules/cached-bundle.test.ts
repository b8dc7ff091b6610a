import { readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundle } from '../../../../src/builder/modules/bundle.ts';
import { cachedBundle } from '../../../../src/builder/modules/cached-bundle.ts';
import { temporaryFiles } from '../../recipe/temporary-files.ts';
import { emptyCache } from '../components/surroundings.ts';

function sources() {
  const root = temporaryFiles({
    'package.json': '{}',
    'src/main.ts': "import { b } from './b.ts';\nconsole.log(b);\n",
    'src/b.ts': "export const b: string = 'b';\n",
    'src/c.ts': "export const c = 'c';\n",
  });
  const { cache } = emptyCache();
  const get = () => cachedBundle('src/main.ts', { target: 'node20' }, cache, root);
  // As an editor saves: never half of it.
  const write = (path: string, text: string) => {
    writeFileSync(join(root, 'new'), text);
    renameSync(join(root, 'new'), join(root, path));
  };
  const derived = () => readdirSync(join(cache.directory, 'derived')).length;
  return { root, get, write, derived };
}

function packageFiles(folder: string, version: string): Record<string, string> {
  return {
    [`${folder}/package.json`]: JSON.stringify({ name: 'p', version, main: 'index.js' }),
    [`${folder}/index.js`]: `export const p = 'p ${version}';\n`,
  };
}

test('makes a bundle once, until one of the files that it is made of is edited', async () => {
  const { get, write, derived } = sources();
  const first = await get();
  expect(first.inputs).toEqual(['src/b.ts', 'src/main.ts']);
  expect(Buffer.from(await first.read()).toString()).toContain('"b"');
  write('src/c.ts', "export const c = 'other';\n");
  expect(await get()).toMatchObject({ sourcesSha256: first.sourcesSha256 });
  expect(derived()).toBe(1);
  write('src/b.ts', "export const b: string = 'edited';\n");
  const edited = await get();
  expect(Buffer.from(await edited.read()).toString()).toContain('"edited"');
  expect(derived()).toBe(2);
});

test('finds an earlier bundle again when an edit is taken back, even one of other files', async () => {
  const { get, write, derived } = sources();
  const first = await get();
  write('src/b.ts', "export { c as b } from './c.ts';\n");
  expect((await get()).inputs).toEqual(['src/b.ts', 'src/c.ts', 'src/main.ts']);
  write('src/b.ts', "export const b: string = 'b';\n");
  expect(await get()).toMatchObject({ sha256: first.sha256, inputs: first.inputs });
  expect(derived()).toBe(2);
});

test('tells a comment apart in its sources, and not in its bytes', async () => {
  const { get, write } = sources();
  const first = await get();
  write('src/b.ts', "// Why.\nexport const b: string = 'b';\n");
  const other = await get();
  expect(other.sha256).toBe(first.sha256);
  expect(other.sourcesSha256).not.toBe(first.sourcesSha256);
});

test('names the file that is gone', async () => {
  const { root, get } = sources();
  await get();
  rmSync(join(root, 'src/b.ts'));
  await expect(get()).rejects.toThrow(/^src\/main\.ts:1:19 src\/main\.ts: expected sources that/);
});

test('bundles a package anew when another version of it is installed, whatever the lock file says', async () => {
  const root = temporaryFiles({
    'package.json': '{}',
    'package-lock.json': 'of version 2, which nobody has installed yet',
    'src/main.ts': "import { p } from 'p';\nconsole.log(p);\n",
    ...packageFiles('node_modules/p', '1.0.0'),
  });
  const { cache } = emptyCache();
  const text = async () => {
    const found = await cachedBundle('src/main.ts', { target: 'node20' }, cache, root);
    return Buffer.from(await found.read()).toString();
  };
  expect(await text()).toContain('"p 1.0.0"');
  for (const [path, content] of Object.entries(packageFiles('node_modules/p', '2.0.0')))
    writeFileSync(join(root, path), content);
  expect(await text()).toContain('"p 2.0.0"');
});

test('hands no paths of a linked node_modules to another checkout', async () => {
  const main = { 'package.json': '{}', 'src/main.ts': "export { p } from 'p';\n" };
  const within = (folder: string, files: Record<string, string>) =>
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
  const folder = temporaryFiles({
    ...within('linked', main),
    ...packageFiles('shared/node_modules/p', '1.0.0'),
    ...within('elsewhere/own', { ...main, ...packageFiles('node_modules/p', '1.0.0') }),
  });
  symlinkSync('../shared/node_modules', join(folder, 'linked/node_modules'));
  const { cache } = emptyCache();
  const inputsIn = async (root: string) =>
    (await cachedBundle('src/main.ts', { target: 'node20' }, cache, join(folder, root))).inputs;
  const [first] = await inputsIn('linked');
  expect(first).toBe('../shared/node_modules/p/index.js');
  expect(await inputsIn('elsewhere/own')).toEqual(['node_modules/p/index.js', 'src/main.ts']);
});

test('hashes what was bundled, though a source is saved meanwhile', async () => {
  const { root, write } = sources();
  const edits = setInterval(() => write('src/b.ts', `export const b = '${Math.random()}';\n`), 1);
  const { data, inputs } = await bundle('src/main.ts', { target: 'node20' }, root);
  clearInterval(edits);
  const again = temporaryFiles({
    'src/main.ts': "import { b } from './b.ts';\nconsole.log(b);\n",
    'src/b.ts': `export const b = '${/"([^"]+)"/.exec(Buffer.from(data).toString())?.[1]}';\n`,
  });
  const other = await bundle('src/main.ts', { target: 'node20' }, again);
  expect([...inputs]).toEqual(expect.arrayContaining([...other.inputs]));
});
