import { describe, expect, test } from 'vitest';
import { recipeText, showRecipe } from '../../../src/recipe/show.ts';
import { storePackageName } from '../../../src/recipe/store-schema.ts';
import { load, problemsOf } from './temporary-files.ts';

const store = (...lines: string[]) => ({
  'x.yaml': `store:\n  packages:\n${lines.map((line) => `    - ${line}\n`).join('')}`,
  'base.yaml': `store:
  packages:
    - deb:qemu-guest-agent
    - type: firmware
      name: ovmf
      files: [deb:ovmf#CODE.fd]
`,
});

describe('the packages of a store', () => {
  const files = store(
    'deb:qemu-guest-agent',
    '{ type: firmware, name: ovmf, files: [deb:ovmf#CODE.fd, "npm:x@1.0.0#VARS.fd"] }',
    '{ type: tools, name: swtpm, from: deb:swtpm, programs: [usr/bin/swtpm] }',
    '{ type: client, from: "npm:@acme/client@1.2.3" }',
  );

  test('are components, or maps with a type, and have names', () => {
    const { packages } = load(files).recipe.store;
    expect(packages).toMatchObject([
      { scheme: 'deb', name: 'qemu-guest-agent' },
      { type: 'firmware', files: [{ member: 'CODE.fd' }, { component: { scheme: 'npm' } }] },
      { type: 'tools', layer: { compression: 'xz', blockSize: 2 ** 20 } },
      { type: 'client', from: { name: '@acme/client' } },
    ]);
    expect(packages.map(storePackageName)).toEqual([
      ...['qemu-guest-agent', 'ovmf', 'swtpm', 'client'],
    ]);
  });

  test('are shown as they can be written', () => {
    const { recipe } = load(files);
    expect(load({ 'x.yaml': showRecipe(recipe) }).recipe).toEqual(recipe);
    expect(recipeText(recipe).store?.packages?.[3]).toEqual({
      ...{ type: 'client', from: 'npm:@acme/client@1.2.3' },
    });
  });

  test('are told what is wrong with them where it stands', () => {
    const wrong = store(
      'qemu',
      '5',
      '{ type: firmwar, name: x }',
      '{ type: firmware, name: X Y, files: [] }',
      '{ type: tools, name: a, from: deb:swtpm, programms: [x] }',
      '{ type: client, from: x }',
      '{}',
    );
    expect(problemsOf(wrong).join('\n')).toMatchInlineSnapshot(`
      "x.yaml:3:7 store.packages[0]: expected a component such as deb:NAME, deb:NAME=VERSION, npm:NAME@1.2.3 or file:PATH, found "qemu"
      x.yaml:4:7 store.packages[1]: expected a component such as deb:NAME, or a map such as { type: client, from: deb:NAME }, found 5
      x.yaml:5:15 store.packages[2].type: expected one of firmware, tools, client, guest-tools, found "firmwar"; did you mean "firmware"?
      x.yaml:6:31 store.packages[3].name: expected the name of a package such as ovmf, found "X Y"
      x.yaml:6:43 store.packages[3].files: expected at least one file, found an empty list
      x.yaml:7:7 store.packages[4].programs: expected a list of paths such as [usr/bin/swtpm], found nothing
      x.yaml:7:48 store.packages[4].programms: expected one of the keys type, name, from, programs, layer, found "programms"; did you mean "programs"?
      x.yaml:8:29 store.packages[5].from: expected a component such as deb:NAME, deb:NAME=VERSION, npm:NAME@1.2.3 or file:PATH, found "x"
      x.yaml:9:7 store.packages[6].type: expected one of firmware, tools, client, guest-tools, found nothing"
    `);
  });

  test('are refused where two have one name, or one has that of the client', () => {
    const twice = store(
      '{ type: tools, name: ovmf, from: deb:aa, programs: [x] }',
      '{ type: guest-tools, from: deb:ovmf }',
      'deb:twinbank',
    );
    expect(problemsOf(twice)).toEqual([
      'x.yaml:4:7 store.packages[1]: expected each name of a package only once, found ovmf',
      'x.yaml:5:7 store.packages[2]: expected a name other than twinbank, which is that of store.client, found twinbank',
    ]);
  });

  test('are at most 255, as a manifest lists no more', () => {
    const names = Array.from({ length: 256 }, (_, index) => `deb:package-${index}`);
    expect(problemsOf(store(...names))).toEqual([
      'x.yaml:3:5 store.packages: expected at most 255 packages, found a list',
    ]);
    expect(problemsOf(store(...names.slice(1)))).toEqual([]);
  });

  test('of files have paths from the file that says them, which are there', () => {
    const missing = store('{ type: firmware, name: fw, files: ["file:no.fd", "file:folder"] }');
    expect(problemsOf({ ...missing, 'folder/x': '' })).toEqual([
      'x.yaml:3:43 store.packages[0].files[0]: expected a file that exists, found no such file at no.fd',
      'x.yaml:3:57 store.packages[0].files[1]: expected a file that exists, found no regular file at folder',
    ]);
  });

  test('are removed from a list by their names, and added once', () => {
    const { recipe } = load({
      ...store(),
      'x.yaml': `extends: base.yaml
store: { packages: { remove: [ovmf], add: [deb:more] } }
overlays: [again.yaml]
`,
      'again.yaml': `store:
  packages:
    add: [{ type: client, from: deb:own }, deb:more]
`,
    });
    expect(recipe.store.packages.map(storePackageName)).toEqual([
      ...['qemu-guest-agent', 'more', 'own'],
    ]);
    const wrong = 'extends: base.yaml\nstore: { packages: { remove: [ovm] } }\n';
    expect(problemsOf({ ...store(), 'x.yaml': wrong })).toEqual([
      'x.yaml:2:31 store.packages.remove[0]: expected one of deb:qemu-guest-agent, ovmf, found "ovm"; did you mean "ovmf"?',
    ]);
  });
});
