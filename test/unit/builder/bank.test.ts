import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bankContents, firstBootCfg, type ImageFile } from '../../../src/builder/bank.ts';
import { makeManifests } from '../../../src/builder/manifests.ts';
import type { BuiltModule } from '../../../src/builder/modules/module.ts';
import { slotNames } from '../../../src/state/slot.ts';
import { developmentKey } from '../../../src/update/signing/key.ts';
import { recipeOf } from './recipe.ts';

const sum = (text: string): string => createHash('sha256').update(text).digest('hex');
const module = (name: string, fileName: string, version = '1'): BuiltModule => ({
  name,
  fileName,
  version,
  kind: 'base',
  vendor: 'twinbank',
  bytes: name.length,
  sha256: sum(name),
  path: `/cache/${name}`,
  cached: true,
  paths: [],
  inventory: [],
});
const modules = [
  module('vmkernel', 'vmkernel', '6.1'),
  module('boot', 'boot.v00'),
  module('engine', 'engine.v00', '22.1'),
  module('agents', 'agents.v00'),
];
const recipe = recipeOf({
  version: '1.2.3',
  build: 7,
  title: 'twinbank lab',
  kernel: { options: ['quiet', 'panic=5'] },
});
const textOf = (file: ImageFile | undefined): string =>
  file && 'data' in file ? Buffer.from(file.data).toString('latin1') : '';
/** The lines of an environment block, which is filled up with # (GRUB manual, "Environment block"). */
const linesOf = (file: ImageFile | undefined): string[] =>
  textOf(file).replace(/#+$/, '').split('\n').filter(Boolean);

const planBank = (of: ReturnType<typeof recipeOf>, built: readonly BuiltModule[]) =>
  bankContents(
    makeManifests({ recipe: of, modules: built, packages: [], key: developmentKey, trust: [] }),
    built,
  );

describe('a bank', () => {
  const bank = planBank(recipe, modules);
  const find = (name: string) => bank.files.find((file) => file.name === name);

  it('holds the files in the order of the loader, each with its sum, and the manifest', () => {
    expect(bank.files.map(({ name }) => name)).toEqual([
      'bank.env',
      'bank.env.sum',
      'vmkernel',
      'vmkernel.sum',
      'boot.v00',
      'boot.v00.sum',
      'engine.v00',
      'engine.v00.sum',
      'agents.v00',
      'agents.v00.sum',
      'base.json',
      'base.sig',
      'state1.slt',
      'state2.slt',
    ]);
  });

  it('has two empty state slots, so that saving only ever writes over them', () => {
    for (const name of slotNames) {
      const slot = find(name);
      expect(slot?.bytes).toBe(262_144);
      expect(textOf(slot)).toBe('\0'.repeat(262_144));
    }
  });

  it('has sums as sha256sum prints them', () => {
    expect(textOf(find('engine.v00.sum'))).toBe(`${sum('engine')}  engine.v00\n`);
    const env = textOf(find('bank.env'));
    expect(textOf(find('bank.env.sum'))).toBe(`${sum(env)}  bank.env\n`);
  });

  it('takes modules from where the cache has them', () => {
    expect(find('vmkernel')).toEqual({ name: 'vmkernel', bytes: 8, path: '/cache/vmkernel' });
  });

  it('has in bank.env what the loader executes, the layers in their order', () => {
    expect(linesOf(find('bank.env'))).toEqual([
      '# GRUB Environment Block',
      'kernel=vmkernel',
      'kernelopt=quiet panic=5 twinbank.build=1.2.3-7 twinbank.layers=engine,agents',
      'modules=boot.v00 --- engine.v00 --- agents.v00',
      'build=1.2.3-7',
    ]);
    expect(find('bank.env')?.bytes).toBe(1024);
  });

  it('lists each module with version, size and hash in the manifest', () => {
    expect(JSON.parse(textOf(find('base.json')))).toMatchObject({
      schemaVersion: 1,
      origin: 'base',
      product: 'twinbank',
      build: '1.2.3-7',
      modules: [
        { name: 'vmkernel', file: 'vmkernel', version: '6.1', bytes: 8, sha256: sum('vmkernel') },
        { name: 'boot', file: 'boot.v00' },
        { name: 'engine', file: 'engine.v00', version: '22.1', vendor: 'twinbank', kind: 'base' },
        { name: 'agents', file: 'agents.v00' },
      ],
    });
  });

  it('has a boot.cfg of 1024 bytes that says the same, its marks first', () => {
    const cfg = firstBootCfg(bank, 2, false);
    expect(cfg.bytes).toBe(1024);
    expect(linesOf(cfg)).toEqual([
      '# GRUB Environment Block',
      'bootstate=0',
      'attempts=0',
      'verdict=-',
      'updated=2',
      'build=1.2.3-7',
      'kernel=vmkernel',
      'kernelopt=quiet panic=5 twinbank.build=1.2.3-7 twinbank.layers=engine,agents',
      'modules=boot.v00 --- engine.v00 --- agents.v00',
      'title=twinbank lab',
    ]);
  });

  it('that is left empty is INVALID', () => {
    expect(linesOf(firstBootCfg(bank, 1, true)).slice(1, 5)).toEqual([
      'bootstate=3',
      'attempts=0',
      'verdict=-',
      'updated=1',
    ]);
  });

  it('is called after the product where the recipe has no title', () => {
    const untitled = planBank(recipeOf({ version: '1.2.3' }), modules);
    expect(untitled.bootCfg.title).toBe('twinbank 1.2.3-1');
  });

  it('whose options do not fit into boot.cfg is refused by name', () => {
    const options = Array.from({ length: 30 }, (_, index) => `option${index}=${'x'.repeat(40)}`);
    const long = recipeOf({ kernel: { options } });
    expect(() => planBank(long, modules)).toThrow(/1024/);
    expect(() => planBank(long, modules)).toThrow(expect.objectContaining({ kind: 'recipe' }));
  });
});
