import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/builder/components/digest.ts';
import { planStore } from '../../../src/builder/store.ts';
import { emptyContext, temporaryDirectory } from './components/surroundings.ts';
import { recipeOf } from './recipe.ts';

/** What a store with just these files of the host holds. */
async function storeOf(folder: string, ...paths: readonly string[]) {
  const packages = paths.map((path) => `file:${join(folder, path)}`);
  const recipe = recipeOf({ version: '1.2', build: 3, store: { client: false, packages } });
  // Paths of file: references are made absolute where recipes are loaded; these are already.
  const refs = paths.map((path) => ({ scheme: 'file', path: join(folder, path) }) as const);
  const store = { ...recipe.store, packages: refs };
  return planStore({ ...recipe, store }, emptyContext().context);
}

describe('a store', () => {
  it('holds packages by name and a list of those that belong to the build', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'tools.iso'), 'iso');
    const { files } = await storeOf(folder, 'tools.iso');
    expect(files.find(({ name }) => name === 'packages/tools.iso')).toMatchObject({ bytes: 3 });
    const list = files.find(({ name }) => name === 'builds/1.2-3.json');
    expect(JSON.parse(Buffer.from(list && 'data' in list ? list.data : []).toString())).toEqual({
      schemaVersion: 1,
      build: '1.2-3',
      packages: [
        {
          name: 'tools.iso',
          bytes: 3,
          sha256: sha256(Buffer.from('iso')),
          path: 'packages/tools.iso',
          id: 'tools.iso',
          type: 'guest-tools',
          version: expect.stringMatching(/^[0-9a-f]{12}$/),
        },
      ],
    });
  });

  it('has the bytes that its list names, whatever becomes of the file meanwhile', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'tools.iso'), 'iso');
    const { files } = await storeOf(folder, 'tools.iso');
    writeFileSync(join(folder, 'tools.iso'), 'another');
    const stored = files.find(({ name }) => name === 'packages/tools.iso');
    expect(readFileSync(stored && 'path' in stored ? stored.path : '', 'utf8')).toBe('iso');
  });

  it('writes characters that FAT has not as dashes', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'a:b*c.iso'), '');
    const names = (await storeOf(folder, 'a:b*c.iso')).files.map(({ name }) => name);
    expect(names).toContain('packages/a-b-c.iso');
  });

  it('refuses a file whose name no manifest can have', async () => {
    const folder = temporaryDirectory();
    for (const name of ['.hidden', 'x'.repeat(92), 'tool.']) {
      writeFileSync(join(folder, name), '');
      await expect(storeOf(folder, name)).rejects.toMatchObject({
        ...{ kind: 'recipe', code: 'store.file-name' },
        message: expect.stringContaining(`and does not end with a dot, found ${name}`),
      });
    }
  });

  it('refuses a pipe, and does not wait for it', async () => {
    const folder = temporaryDirectory();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(storeOf(folder, 'pipe')).rejects.toMatchObject({
      ...{ kind: 'recipe', code: 'components.special' },
      message: expect.stringContaining('pipe: expected a file or directory, found a device, pipe'),
    });
  });

  it('refuses a directory', async () => {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'tools'));
    await expect(storeOf(folder, 'tools')).rejects.toMatchObject({
      kind: 'recipe',
      code: 'store.not-a-file',
    });
  });

  it('refuses two packages that FAT would take for one', async () => {
    const folder = temporaryDirectory();
    for (const name of ['a', 'b']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'a/tools.iso'), '1');
    writeFileSync(join(folder, 'b/TOOLS.iso'), '2');
    await expect(storeOf(folder, 'a/tools.iso', 'b/TOOLS.iso')).rejects.toThrow(
      /expected packages with different names in the store, found packages\/TOOLS\.iso twice/,
    );
  });
});
