import { expect, test } from 'vitest';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { originData, recipeText, showRecipe } from '../../../src/recipe/show.ts';
import { load, problemsOf, temporaryFiles } from './temporary-files.ts';

const base = `kernel:
  options: [console=tty0, "console=ttyS0,115200n8", panic=10]
modules:
  drivers:
    type: drivers
    drivers: [nvme, ahci, button]
`;

/** The kernel options of `x.yaml` and what set each. */
function optionsOf(files: Record<string, string>, set: string[] = []): [string, string][] {
  const { recipe, origins } = load(files, set);
  const data = originData(origins);
  return recipe.kernel.options.map((word, at) => [word, data[`kernel.options[${at}]`] ?? '']);
}

test('add and remove change the list that is extended, and each value keeps what set it', () => {
  const files = {
    'base.yaml': base,
    'x.yaml': `extends: base.yaml
kernel:
  options:
    add: [panic=5, debug]
    remove: [panic=10]
overlays: [site.yaml]
`,
    'site.yaml': 'kernel: { options: { remove: debug, add: [quiet] } }\n',
  };
  expect(optionsOf(files, ['kernel.options.add=nmi_watchdog=panic'])).toEqual([
    ['console=tty0', 'base.yaml:2'],
    ['console=ttyS0,115200n8', 'base.yaml:2'],
    ['panic=5', 'x.yaml:4'],
    ['quiet', 'site.yaml:1'],
    ['nmi_watchdog=panic', '--set'],
  ]);
});

test('edits the default where nothing below has the list, of modules by their type', () => {
  const { recipe, origins } = load(
    {
      'x.yaml': 'modules:\n  own: { agents: { add: [syslog] } }\noverlays: [o.yaml]\n',
      'o.yaml': 'modules: { own: { type: agents } }\n',
    },
    ['kernel.options.remove=quiet', 'trust.add=[]'],
  );
  expect(recipe.modules).toMatchObject({ own: { agents: ['vmkd', 'syslog'] } });
  expect(recipe.kernel.options).not.toContain('quiet');
  expect(originData(origins)).toMatchObject({
    'modules.own.agents[0]': 'default',
    'modules.own.agents[1]': 'x.yaml:2',
    'kernel.options[0]': 'default',
  });
});

test('what is there already stays at its place, and what is removed and added comes last', () => {
  const x =
    'extends: base.yaml\nkernel: { options: { add: [console=tty0, panic=10], remove: panic=10 } }';
  expect(optionsOf({ 'base.yaml': base, 'x.yaml': x })).toEqual([
    ['console=tty0', 'base.yaml:2'],
    ['console=ttyS0,115200n8', 'base.yaml:2'],
    ['panic=10', 'x.yaml:2'],
  ]);
});

test('edits every list that the schema has: its first value is moved to the end', () => {
  const all = `${base}  engine: { type: engine }\n  agents: { type: agents }\n  vmm: { type: vmm }
trust: ["file:a.pub"]\noem: ["file:acme"]\nhealth: { trialChecks: [network] }\n`;
  const files = { 'x.yaml': all, 'a.pub': '', 'acme/provider.yaml': '' };
  const cwd = temporaryFiles(files);
  const { recipe, origins } = loadRecipe('x.yaml', { cwd });
  const lists = [...origins.keys()].flatMap((path) => /^(.*)\[0\]$/.exec(path)?.[1] ?? []);
  expect(lists).toHaveLength(13);
  const valueAt = (value: unknown, path: string): unknown =>
    path.split('.').reduce((at, key) => (at as Record<string, unknown>)[key], value);
  for (const path of lists) {
    const [first, ...rest] = valueAt(recipeText(recipe), path) as string[];
    const edits = [`${path}.remove=${first}`, `${path}.add=[${JSON.stringify(first)}]`];
    const moved = loadRecipe('x.yaml', { cwd, set: edits }).recipe;
    expect(valueAt(recipeText(moved), path), path).toEqual([...rest, first]);
  }
});

test('a path is the same one wherever it is written from', () => {
  const files = {
    'keys/a.pub': '',
    'keys/b.pub': '',
    'base.yaml': 'trust: ["file:keys/a.pub", "file:keys/b.pub"]\n',
    'site/o.yaml': 'trust: { remove: "file:../keys/a.pub", add: ["file:../keys/b.pub"] }\n',
    'x.yaml': 'extends: base.yaml\noverlays: [site/o.yaml]\n',
  };
  expect(load(files).recipe.trust.map(({ path }) => path.split('/').at(-1))).toEqual(['b.pub']);
  expect(
    problemsOf({ ...files, 'site/o.yaml': 'trust: { remove: "file:../keys/c.pub" }\n' }),
  ).toEqual([
    'site/o.yaml:1:18 trust.remove: expected one of file:../keys/a.pub, file:../keys/b.pub, found "file:../keys/c.pub"; did you mean "file:../keys/a.pub"?',
  ]);
});

test('an overlay that comes over two ways removes once', () => {
  const files = {
    'base.yaml': base,
    'o.yaml': 'kernel: { options: { remove: [panic=10], add: [debug] } }\n',
    'a.yaml': 'extends: base.yaml\noverlays: [o.yaml]\n',
    'b.yaml': 'extends: base.yaml\noverlays: [o.yaml]\n',
    'x.yaml': 'extends: [a.yaml, b.yaml]\n',
  };
  expect(optionsOf(files).map(([word]) => word)).toEqual([
    'console=tty0',
    'console=ttyS0,115200n8',
    'debug',
  ]);
});

test('what is not in the list cannot be removed: place, nearest word', () => {
  const x = `extends: base.yaml
kernel:
  options:
    remove: [console=ttyS0, panik=10, xyz]
modules:
  drivers:
    drivers: { remove: [nvm] }
`;
  expect(
    problemsOf({ 'base.yaml': base, 'x.yaml': x }, [
      'health.trialChecks.remove=network',
      'health.checks.remove=[state, state]',
    ]),
  ).toMatchInlineSnapshot(`
    [
      "x.yaml:4:14 kernel.options.remove[0]: expected one of console=tty0, console=ttyS0,115200n8, panic=10, found "console=ttyS0"; did you mean "console=ttyS0,115200n8"?",
      "x.yaml:4:29 kernel.options.remove[1]: expected one of console=tty0, console=ttyS0,115200n8, panic=10, found "panik=10"; did you mean "panic=10"?",
      "x.yaml:4:39 kernel.options.remove[2]: expected one of console=tty0, console=ttyS0,115200n8, panic=10, found "xyz"",
      "x.yaml:7:25 modules.drivers.drivers.remove[0]: expected one of nvme, ahci, button, found "nvm"; did you mean "nvme"?",
      "--set health.trialChecks.remove=network health.trialChecks.remove: expected nothing, as the list is empty, found "network"",
      "--set health.checks.remove=[state, state] health.checks.remove[1]: expected each value only once, found "state"",
    ]
  `);
});

test('an edit in a form that is none is refused, and so are a list and an edit together', () => {
  const x = `kernel:
  options: [quiet, { add: [debug] }]
boot:
  drivers: { append: [nvme], remov: [loop] }
store:
  packages: {}
health:
  checks: { add: null, remove: { layers: 1 } }
trust: { add: [3], remove: [[]] }
disk:
  order: { remove: [store] }
modules: { drivers: { type: drivers, drivers: { add: [a b] } } }
bank: { add: [1] }
`;
  expect(problemsOf({ 'x.yaml': x }, ['kernel.options.ad=x'])).toMatchInlineSnapshot(`
    [
      "x.yaml:2:20 kernel.options[1]: expected the whole list, or a map of add and remove in its place, found both",
      "x.yaml:4:14 boot.drivers.append: expected the whole list, or a map of add and remove, found the key "append"",
      "x.yaml:4:30 boot.drivers.remov: expected the whole list, or a map of add and remove, found the key "remov"; did you mean "remove"?",
      "x.yaml:6:13 store.packages: expected the whole list, or a map of add and remove, found an empty map",
      "x.yaml:8:18 health.checks.add: expected a list of values, or one value, found nothing",
      "x.yaml:8:32 health.checks.remove: expected a list of values, or one value, found a map",
      "x.yaml:9:16 trust[0]: expected a public key file such as file:keys/release.pub, found 3",
      "x.yaml:9:29 trust.remove[0]: expected nothing, as the list is empty, found an empty list",
      "x.yaml:11:10 disk.order: expected each of bootloader, bootbank1, bootbank2, coredump, store once, found a list without store",
      "x.yaml:12:55 modules.drivers.drivers[0]: expected the name of a kernel module such as virtio_blk, found "a b"",
      "x.yaml:13:9 bank.add: expected one of the keys size, reserve, found "add"",
      "--set kernel.options.ad=x kernel.options.ad: expected the whole list, or a map of add and remove, found the key "ad"; did you mean "add"?",
    ]
  `);
});

test('an edited recipe is shown as one that resolves to the same', () => {
  const { recipe, origins } = load({
    'base.yaml': base,
    'x.yaml': 'extends: base.yaml\nkernel: { options: { add: debug } }\n',
  });
  const shown = showRecipe(recipe, origins);
  expect(shown).toContain('- debug # x.yaml:2');
  expect(load({ 'x.yaml': shown }).recipe).toEqual(recipe);
});
