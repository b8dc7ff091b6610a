import { describe, expect, it } from 'vitest';
import { modulesBelow, nothingBelow } from '../../../../src/builder/modules/below.ts';
import type { ModuleDraft, PlanContext } from '../../../../src/builder/modules/module.ts';
import { toolPaths } from '../../../../src/builder/modules/tool-paths.ts';
import { planTools } from '../../../../src/builder/modules/tools.ts';
import { toolsModuleSchema } from '../../../../src/recipe/module-schema.ts';
import { contextOf, type DebFiles, linkedFile } from './deb-file.ts';

const folder = 'usr/lib/x86_64-linux-gnu';
const text = (content: string) => ({ data: Buffer.from(content), mode: 0o755 });
const library = (soname: string, ...links: string[]): DebFiles => ({
  [`${folder}/${soname}`]: { data: linkedFile(links, { soname }) },
});

const packages: Readonly<Record<string, DebFiles>> = {
  disks: {
    './sbin/make': { data: linkedFile(['libfs.so.2', 'libc.so.6']) },
    './sbin/check': { data: linkedFile(['libfs.so.2', 'liblog.so.1']) },
    './sbin/check.ext': { target: 'check' },
    './etc/make.conf': text('size = 1'),
    './usr/bin/everybody': { data: linkedFile([]), mode: 0o4755 },
    './usr/bin/group': { data: linkedFile([]), mode: 0o2755 },
    './usr/bin/lost': { data: linkedFile(['libnowhere.so.1']) },
    './usr/bin/report': text('#!/bin/sh -e\necho\n'),
    './usr/bin/count': text('#! /usr/bin/env perl\n1;\n'),
  },
  perl: { './usr/bin/perl': { data: linkedFile(['libc.so.6']) } },
  libc6: {
    ...library('libc.so.6'),
    [`${folder}/ld-linux-x86-64.so.2`]: {
      data: linkedFile([], { soname: 'ld-linux-x86-64.so.2' }),
    },
  },
  libfs2: library('libfs.so.2', 'liblog.so.1', 'libc.so.6'),
  liblog1: library('liblog.so.1', 'libdeep.so.1'),
  libdeep1: library('libdeep.so.1'),
};

const engine = {
  name: 'engine',
  sonames: ['libc.so.6', 'ld-linux-x86-64.so.2'],
  programs: ['usr/bin/node'],
};
const agents = { name: 'agents', sonames: [], programs: ['usr/bin/sh'] };

async function plan(module: object, below = modulesBelow([engine, agents])): Promise<ModuleDraft> {
  const components = await contextOf(packages);
  const recipe = { version: '1.0', build: '1' };
  const context = { components, below, recipe } as unknown as PlanContext;
  return planTools('tools', toolsModuleSchema.parse({ type: 'tools', ...module }), context);
}

const refusal = (code: string, message: string) =>
  expect.objectContaining({ kind: 'recipe', code, message });
const ids = ({ components }: ModuleDraft): string[] => components.map(({ id }) => id);

describe('the plan of tools', () => {
  const programs = ['deb:disks#usr/sbin/make', 'deb:disks#usr/sbin/check'];

  it('takes each library once, and leaves to a module below what that has', async () => {
    const draft = await plan({ programs });
    expect(draft.sonames).toEqual(['libdeep.so.1', 'libfs.so.2', 'liblog.so.1']);
    expect(draft.uses).toEqual([
      { module: 'engine', libraries: ['ld-linux-x86-64.so.2', 'libc.so.6'] },
    ]);
    expect(ids(draft)).toEqual([
      ...['deb:disks', 'deb:disks'],
      ...['deb:libdeep1', 'deb:libfs2', 'deb:liblog1'],
    ]);
  });

  it('takes a library from the lowest module that has it, and what only that needs not at all', async () => {
    const vmm = { name: 'vmm', sonames: ['liblog.so.1', 'libc.so.6'] };
    const draft = await plan({ programs }, modulesBelow([engine, vmm]));
    expect(draft.sonames).toEqual(['libfs.so.2']);
    expect(draft.uses).toEqual([
      { module: 'engine', libraries: ['ld-linux-x86-64.so.2', 'libc.so.6'] },
      { module: 'vmm', libraries: ['liblog.so.1'] },
    ]);
  });

  it('brings everything where nothing is below it', async () => {
    const draft = await plan({ programs }, nothingBelow);
    expect(draft.sonames).toContain('libc.so.6');
    expect(draft.uses).toEqual([]);
  });

  it('says where its programs are in the image, which has one folder for them', async () => {
    const draft = await plan({ programs: [...programs, 'deb:disks#usr/bin/report'] });
    expect(draft.programs).toEqual(['usr/bin/make', 'usr/bin/check', 'usr/bin/report']);
  });

  it('depends on what it is made of, and on nothing else', async () => {
    const { inputs } = await plan({ programs });
    expect((await plan({ programs })).inputs).toEqual(inputs);
    const changes = [
      { programs: programs.slice(0, 1) },
      { programs, data: ['deb:disks#etc/make.conf'] },
      { programs, stubs: ['liblog.so.1'] },
      { programs, unwindTables: false },
      { programs, layer: { compression: 'zstd' } },
    ];
    for (const change of changes) expect((await plan(change)).inputs).not.toEqual(inputs);
  });

  it('leaves out a library that is to be a stub, and what only that needs', async () => {
    const draft = await plan({ programs, stubs: ['liblog.so.1'] });
    expect(draft.sonames).toEqual(['libfs.so.2']);
    expect(draft.stubs).toEqual(['liblog.so.1']);
    expect(ids(draft)).not.toContain('deb:libdeep1');
  });

  it('takes scripts that the shell, a module below or one of its own programs can run', async () => {
    await plan({ programs: ['deb:disks#usr/bin/report'] });
    await plan({ programs: ['deb:disks#usr/bin/count', 'deb:perl#usr/bin/perl'] });
    const below = modulesBelow([engine, { name: 'more', sonames: [], programs: ['usr/bin/perl'] }]);
    await plan({ programs: ['deb:disks#usr/bin/count'] }, below);
  });
});

describe('tools are refused', () => {
  it.each([
    [
      'a program that the package has not',
      { programs: ['deb:disks#usr/bin/make'] },
      'components.no-member',
      'modules.tools.programs: deb:disks 1: expected a program or library at usr/bin/make, found nothing; did you mean usr/sbin/make?',
    ],
    [
      'a link in the place of a program',
      { programs: ['deb:disks#usr/sbin/check.ext'] },
      'components.no-member',
      'modules.tools.programs: deb:disks 1: expected a program or library at usr/sbin/check.ext, found a link to check',
    ],
    [
      'a library that is nowhere',
      { programs: ['deb:disks#usr/bin/lost'] },
      'components.no-library',
      'usr/bin/lost of deb:disks: expected a package with the library libnowhere.so.1, found none among the 6 packages it depends on, nor one of that name',
    ],
    [
      'a script without its interpreter',
      { programs: ['deb:disks#usr/bin/count'] },
      'modules.no-interpreter',
      'modules.tools.programs: expected the program that runs the script usr/bin/count of deb:disks to be here or in a module below, found no usr/bin/perl; list it, too, or leave the script out',
    ],
    [
      'a program with the rights of its owner',
      { programs: ['deb:disks#usr/bin/everybody'] },
      'components.set-id',
      'modules.tools.programs: deb:disks 1: expected usr/bin/everybody to run with the rights of whoever starts it, found the mode 4755, which is setuid or setgid',
    ],
    [
      'a program with the rights of its group',
      { programs: ['deb:disks#usr/bin/group'] },
      'components.set-id',
      'modules.tools.programs: deb:disks 1: expected usr/bin/group to run with the rights of whoever starts it, found the mode 2755, which is setuid or setgid',
    ],
    [
      'a stub that nothing links',
      { programs: ['deb:disks#usr/sbin/make'], stubs: ['libc.so.6'] },
      'modules.stub',
      'modules.tools.stubs: expected libraries that this module brings, found libc.so.6, which one below it brings',
    ],
  ])('for %s', async (_, module, code, message) => {
    await expect(plan(module)).rejects.toEqual(refusal(code, message));
  });

  it('for data with the rights of its owner, once it is read', async () => {
    const draft = await plan({
      programs: ['deb:disks#usr/sbin/make'],
      data: ['deb:disks#usr/bin/everybody'],
    });
    const sources = { own: {} as never, packages: {} };
    await expect(draft.build('/nonexistent', sources)).rejects.toMatchObject({
      code: 'components.set-id',
    });
  });
});

it("busybox's names that tools have are known from the recipe", () => {
  const tools = toolsModuleSchema.parse({
    type: 'tools',
    programs: ['deb:disks#usr/sbin/make', 'deb:disks#usr/bin/report'],
    data: ['deb:disks#sbin/check.ext', 'deb:disks#etc/make.conf'],
  });
  const paths = ['etc/make.conf', 'usr/bin/check.ext', 'usr/bin/make', 'usr/bin/report'];
  expect(toolPaths({ modules: { tools } })).toEqual(paths);
  expect(toolPaths({ modules: {} })).toEqual([]);
});
