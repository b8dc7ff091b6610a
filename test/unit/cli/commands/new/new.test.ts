import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import manifest from '../../../../../package.json' with { type: 'json' };
import { loadRecipe } from '../../../../../src/recipe/load.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';
import { runHere } from '../../host.ts';

const root = join(import.meta.dirname, '../../../../..');
const run = (cwd: string, ...argv: string[]) =>
  runHere(argv, { host: { cwd, env: { PATH: process.env.PATH, TWINBANK_PASSPHRASE: '' } } });
const begin = async (...argv: string[]) => {
  const cwd = temporaryFiles({});
  const result = await run(cwd, 'new', 'acme-images', ...argv);
  return { cwd, folder: join(cwd, 'acme-images'), ...result };
};

it('writes a recipe and scenarios that pass their own checks', async () => {
  const { folder, code, stdout } = await begin('--vendor', 'ACME "Servers": all of them #1');
  expect(code).toBe(0);
  for (const file of stdout.trim().split('\n').slice(0, -1))
    expect(existsSync(join(folder, '..', file)), file).toBe(true);
  expect(await run(folder, 'recipe', 'check', 'recipes/image.yaml')).toMatchObject({
    code: 0,
    stdout: 'recipes/image.yaml: valid\n',
    stderr: '',
  });
  const { recipe } = loadRecipe('recipes/image.yaml', { cwd: folder });
  expect(recipe).toMatchObject({
    name: 'acme-images',
    description: 'Images of ACME "Servers": all of them #1',
    oem: [{ path: join(folder, 'oem-providers/acme') }],
  });
  const listed = await run(folder, 'test', 'scenarios', '--list');
  expect(listed.code).toBe(0);
  expect(listed.stdout).toContain('first-boot');
  expect(statSync(join(folder, 'oem-providers/acme/support/collect.sh')).mode & 0o100).toBe(0o100);
});

it('writes commented examples that are valid when the comments are taken away', async () => {
  const { folder } = await begin();
  const recipe = join(folder, 'recipes/image.yaml');
  const text = readFileSync(recipe, 'utf8');
  mkdirSync(join(folder, 'keys'));
  await run(folder, 'keys', 'new', 'keys', '--name', 'release');
  writeFileSync(recipe, text.replaceAll(/^# ((?:trust|kernel|modules|health| {2}).*)$/gm, '$1'));
  const { recipe: loaded } = loadRecipe('recipes/image.yaml', { cwd: folder });
  expect(loaded.trust).toHaveLength(1);
  expect(loaded.kernel.options).toContain('intel_iommu=on');
  expect(loaded.kernel.options).toContain('console=ttyS0,115200n8');
  expect(loaded.health.trialChecks).toEqual(['network']);
  const scenario = readFileSync(join(folder, 'scenarios/first-boot.yaml'), 'utf8');
  const [head = '', update = ''] = scenario.split('# builds:\n');
  const above = head.slice(0, head.indexOf('steps:'));
  const rest = `builds:\n${update.replaceAll(/^# /gm, '')}`;
  writeFileSync(join(folder, 'scenarios/update.yaml'), above + rest);
  expect((await run(folder, 'test', 'scenarios/update.yaml', '--list')).stderr).toBe('');
});

it('names the version that it comes from, or the package that it is told', async () => {
  const about = ({ folder }: { folder: string }) =>
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(about(await begin())).toMatchObject({
    name: 'acme-images',
    private: true,
    devDependencies: { twinbank: manifest.version },
  });
  const packed = await begin('--package', 'file:vendor/twinbank.tgz');
  expect(about(packed).devDependencies).toEqual({ twinbank: 'file:vendor/twinbank.tgz' });
});

it('keeps private keys out of git', async () => {
  const { folder } = await begin();
  execFileSync('git', ['init', '--quiet', folder]);
  const { code, stderr } = await run(folder, 'keys', 'new', 'keys', '--name', 'release');
  expect(code).toBe(0);
  expect(stderr).not.toContain('a commit would publish');
  const files = execFileSync('git', ['ls-files', '--others', '--exclude-standard'], {
    cwd: folder,
  });
  expect(String(files)).toContain('keys/release.pub');
  expect(String(files)).not.toContain('release.key');
});

it.each([
  ['github', '.github/workflows/images.yml', 'github-actions.yml'],
  ['gitlab', '.gitlab-ci.yml', 'gitlab-ci.yml'],
])('brings the file for %s that docs/ci has', async (ci, file, from) => {
  const { folder } = await begin('--ci', ci);
  const text = readFileSync(join(folder, file), 'utf8');
  expect(text).toBe(readFileSync(join(root, 'docs/ci', from), 'utf8'));
});

it('begins in a folder that has just .git, and in no other that has something', async () => {
  const cwd = temporaryFiles({ 'a/.git/HEAD': '', 'b/x': '' });
  expect((await run(cwd, 'new', 'a', '--ci', 'none')).code).toBe(0);
  expect(existsSync(join(cwd, 'a/.github'))).toBe(false);
  const { code, stderr } = await run(cwd, 'new', 'b');
  expect(stderr).toContain('b: expected a new or empty folder, found x in it; name another one');
  expect(code).toBe(8);
});

it.each([
  ['2024 Images', '2024images', 'images'],
  ['vmm-x', 'vmm-x', 'oem'],
  ['true', 'true', 'true'],
])('calls what is in a folder %s %s, and its provider %s', async (dir, name, provider) => {
  const cwd = temporaryFiles({});
  const { stdout } = await run(cwd, 'new', dir, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ name, provider });
  expect((await run(join(cwd, dir), 'recipe', 'check', 'recipes/image.yaml')).stderr).toBe('');
  expect((await run(join(cwd, dir), 'test', 'scenarios', '--list')).code).toBe(0);
});

it('refuses a name that no image can have', async () => {
  const { code, stderr } = await begin('--name', 'A b');
  expect(stderr).toMatch(/^twinbank: --name: expected .*, found "A b"/);
  expect(code).toBe(2);
});
