import { expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { load, problemsOf, temporaryFiles } from './temporary-files.ts';

test('a size without a unit is said as the contract has it', () => {
  const cwd = temporaryFiles({ 'recipes/x.yaml': `${'#\n'.repeat(10)}bank:\n  size: "48"\n` });
  expect(() => loadRecipe('recipes/x.yaml', { cwd })).toThrow(
    /^recipes\/x\.yaml:12:9 bank\.size: expected a size such as 48MiB, found "48"$/,
  );
});

test('what becomes of the boot disk behind the image is one of two words', () => {
  const found = problemsOf({
    'x.yaml': 'firstBoot:\n  bootDiskRest: formatt\n  bootDisk: leave\n',
  });
  expect(found).toEqual([
    'x.yaml:2:17 firstBoot.bootDiskRest: expected one of format, leave, found "formatt"; did you mean "format"?',
    'x.yaml:3:3 firstBoot.bootDisk: expected one of the keys trustedNetwork, blankDisks, bootDiskRest, found "bootDisk"; did you mean "bootDiskRest"?',
  ]);
});

test('all problems are reported, each where it stands, in the order of the lines', () => {
  const recipe = `produkt: x
version: 1.10
title: say "hi"
build: [1]
banks: frist
disk:
  order: [bootloader, bootbank1, bootbank2, stoer]
  pmbrActive: yes
bootloader: 4MiB
bank:
  sise: 48MiB
  reserve: 2 MiB
  reserve: 2MiB
store:
  packages: [deb:a1, deb:a1, qemu]
kernel:
  options: [quiet, "a b", 5]
modules:
  boot: { type: agents }
  muchtoolong: { type: agents }
  vmm: { type: vm }
  eng: { type: engine, layer: { compression: zstdd, blockSize: 100KiB } }
  x: { type: agents, layer: { level: 3 } }
  y: { drivers: [nvme] }
  z: { type: files }
`;
  expect(problemsOf({ 'x.yaml': recipe }).join('\n')).toMatchInlineSnapshot(`
    "x.yaml:1:1 produkt: expected one of the keys product, name, version, build, title, description, sourceDate, banks, disk, bootloader, bank, coredump, store, kernel, boot, firstBoot, health, resources, modules, securityVersion, minVersion, oem, trust, found "produkt"; did you mean "product"?
    x.yaml:2:10 version: expected a version of two to four numbers in quotes such as "1.2" or "1.2.3", found 1.10
    x.yaml:3:8 title: expected a title in printable ASCII without quotes and backslashes, found "say \\"hi\\""
    x.yaml:4:8 build: expected a build such as 1234 or rc1, found a list
    x.yaml:5:8 banks: expected one of both, first, found "frist"; did you mean "first"?
    x.yaml:7:45 disk.order[3]: expected one of bootloader, bootbank1, bootbank2, coredump, store, found "stoer"; did you mean "store"?
    x.yaml:8:15 disk.pmbrActive: expected true or false, found "yes"
    x.yaml:9:13 bootloader: expected a map, found "4MiB"
    x.yaml:11:3 bank.sise: expected one of the keys size, reserve, found "sise"; did you mean "size"?
    x.yaml:12:12 bank.reserve: expected a size such as 48MiB, found "2 MiB"
    x.yaml:13:3 bank.reserve: expected each key once, found "reserve" again, first in line 12
    x.yaml:15:30 store.packages[2]: expected a component such as deb:NAME, deb:NAME=VERSION, npm:NAME@1.2.3 or file:PATH, found "qemu"
    x.yaml:17:20 kernel.options[1]: expected a word of the kernel command line without blanks and quotes, found "a b"
    x.yaml:17:27 kernel.options[2]: expected a word of the kernel command line without blanks and quotes, found 5
    x.yaml:19:3 modules.boot: expected a module name other than boot, vmkernel, found "boot"
    x.yaml:20:3 modules.muchtoolong: expected a module name of up to 8 letters, digits and dashes that begins with a letter, found "muchtoolong"
    x.yaml:21:16 modules.vmm.type: expected one of engine, agents, vmm, drivers, files, tools, found "vm"; did you mean "vmm"?
    x.yaml:22:46 modules.eng.layer.compression: expected one of xz, xz-x86, zstd, found "zstdd"; did you mean "zstd"?
    x.yaml:22:64 modules.eng.layer.blockSize: expected a power of two from 4KiB to 1MiB, found "100KiB"
    x.yaml:23:38 modules.x.layer.level: expected no level unless compression is zstd, found 3
    x.yaml:24:3 modules.y.type: expected one of engine, agents, vmm, drivers, files, tools, found nothing
    x.yaml:25:3 modules.z.files: expected a directory such as file:DIR, found nothing"
  `);
});

test('a problem is reported in the file that set the value, not in the one that was asked for', () => {
  const files = {
    'x.yaml': 'extends: base.yaml\noverlays: [top.yaml]\n',
    'base.yaml': '\n\nbank:\n  size: 4GiB\n',
    'top.yaml': 'store: { size: 1536KiB }',
  };
  expect(problemsOf(files, ['coredump.size=12', 'bank.resreve=1MiB'])).toMatchInlineSnapshot(`
    [
      "base.yaml:4:9 bank.size: expected a size in whole MiB from 5MiB to 2047MiB, found "4GiB"",
      "top.yaml:1:16 store.size: expected a size in whole MiB from 5MiB to 2047MiB, found "1536KiB"",
      "--set bank.resreve=1MiB bank.resreve: expected one of the keys size, reserve, found "resreve"; did you mean "reserve"?",
      "--set coredump.size=12 coredump.size: expected a size such as 48MiB, found 12",
    ]
  `);
});

test.each([
  ['bank.size=4MiB', 'a size in whole MiB from 5MiB to 2047MiB, found "4MiB"'],
  ['bank.size=2GiB', 'a size in whole MiB from 5MiB to 2047MiB, found "2GiB"'],
  ['bank.size=49153KiB', 'a size in whole MiB from 5MiB to 2047MiB, found "49153KiB"'],
  ['bootloader.size=2MiB', 'a size in whole MiB from 3MiB to 2047MiB, found "2MiB"'],
  ['bank.reserve=48MiB', `a size below the bank's, found "48MiB"`],
  ['bank.size=999999999GiB', 'a size in whole MiB from 5MiB to 2047MiB, found "999999999GiB"'],
  ['bank.size=-1MiB', 'a size such as 48MiB, found "-1MiB"'],
  ['bank.size=48MB', 'a size such as 48MiB, found "48MB"'],
  ['bootloader.timeoutSeconds=1.5', 'a whole number from 0 to 300, found 1.5'],
  ['disk.order=[]', 'each of bootloader, bootbank1, bootbank2, coredump, store once'],
  ['modules=[]', 'a map, found an empty list'],
  ['bank=5', 'a map, found 5'],
  ['trust=5', 'a list of public key files such as [file:keys/release.pub], found 5'],
  ['build={a: 1}', 'a build such as 1234 or rc1, found a map'],
  ['bank=[', 'valid YAML, found a mistake'],
])('--set %s is refused: expected %s', (option, message) => {
  const problems = problemsOf({ 'x.yaml': '{}' }, [option]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`--set ${option} ${option.split('=')[0]}`);
  expect(problems[0]).toContain(`: expected ${message}`);
});

test('values that end in boot.cfg are printable ASCII without backslash and quotes', () => {
  for (const bad of ['a\\b', 'a"b', "a'b", 'ä', 'a\u007f', 'a\nb']) {
    const text = JSON.stringify(bad);
    const recipe = `title: ${text}\nversion: ${JSON.stringify(`1.0-${bad}`)}\nbuild: ${text}\nkernel: { options: [${text}] }`;
    expect(problemsOf({ 'x.yaml': recipe })).toHaveLength(4);
  }
  expect(
    problemsOf({ 'x.yaml': 'title: "a=$b #{c} d"\nkernel: { options: ["a=$b,#c"] }' }),
  ).toEqual([]);
});

test('files that are not there are problems where they are named, beside all others', () => {
  const recipe = `trust: ["file:gone.pub", "file:tree"]
modules:
  oem: { type: files, files: "file:x.yaml" }
  vmm: { type: vmm, from: "file:gone.deb", firmware: ["file:gone.rom"] }
bank: { size: 48 }
`;
  expect(problemsOf({ 'x.yaml': recipe, 'tree/a': '' })).toEqual([
    'x.yaml:1:9 trust[0]: expected a file that exists, found no such file at gone.pub',
    'x.yaml:1:26 trust[1]: expected a file that exists, found no regular file at tree',
    'x.yaml:3:30 modules.oem.files: expected a directory that exists, found no directory at x.yaml',
    'x.yaml:4:27 modules.vmm.from: expected a file that exists, found no such file at gone.deb',
    'x.yaml:4:55 modules.vmm.firmware[0]: expected a file that exists, found no such file at gone.rom',
    'x.yaml:5:15 bank.size: expected a size such as 48MiB, found 48',
  ]);
});

test('a file that cannot be read is the only problem told, since others may come of it', () => {
  expect(
    problemsOf({
      'x.yaml': 'modules: { vmm: { layer: {} } }\nextends: [gone.yaml, tree]\n',
      'tree/a': '',
    }),
  ).toEqual([
    'x.yaml:2:11 extends[0]: expected a recipe file, found no such file at gone.yaml',
    'x.yaml:2:22 extends[1]: expected a recipe file, found a directory at tree',
  ]);
});

test('an overlay names no other files', () => {
  const files = { 'x.yaml': 'overlays: o.yaml', 'o.yaml': 'extends: x.yaml' };
  expect(problemsOf(files)[0]).toMatch(/^o\.yaml:1:1 extends: expected one of the keys product, /);
});

test('the error has the problems as data', () => {
  try {
    load({ 'x.yaml': 'bank: { sise: 48MiB }' });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(TwinbankError);
    expect(error).toMatchObject({ kind: 'recipe', code: 'recipe.invalid' });
    expect((error as TwinbankError).data).toEqual({
      diagnostics: [
        {
          file: 'x.yaml',
          line: 1,
          column: 9,
          path: 'bank.sise',
          message: 'expected one of the keys size, reserve, found "sise"',
          suggestion: 'size',
        },
      ],
    });
  }
});

test('a wrong --oem is called by the option that a person typed', () => {
  const cwd = temporaryFiles({ 'x.yaml': 'oem: 7\n' });
  expect(() => loadRecipe('x.yaml', { cwd, oem: ['gone', '../x.yaml/y'] })).toThrow(
    /^--oem gone: expected a folder with a provider\.yaml, or a packed \.oem file, that exists, found no such file at gone\n--oem \.\.\/x\.yaml\/y: expected a folder/,
  );
});
