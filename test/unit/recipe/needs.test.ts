import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recipeWarnings } from '../../../src/builder/recipe-warnings.ts';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { recipeSchema } from '../../../src/recipe/schema.ts';
import { load } from './temporary-files.ts';

const cwd = join(import.meta.dirname, '../../..');
const shipped = readdirSync(join(cwd, 'recipes')).filter((name) => name.endsWith('.yaml'));
const base = loadRecipe('recipes/default.yaml', { cwd }).recipe;

/** What is missing of a recipe that extends the default one. */
function missing(text: string, more: Record<string, string> = {}, set: string[] = []): string[] {
  const extend = `extends: ${join(cwd, 'recipes/default.yaml')}\n`;
  return recipeWarnings(load({ 'x.yaml': `${extend}${text}`, ...more }, set).recipe);
}

test.each(shipped)('finds nothing missing in %s', (name) => {
  const { recipe } = loadRecipe(join('recipes', name), { cwd });
  // Laid over another recipe, it says nothing by itself.
  if (Object.keys(recipe.modules).includes('engine')) expect(recipeWarnings(recipe)).toEqual([]);
});

test('names each thing that a whole list has dropped, where the list stands', () => {
  expect(missing('kernel:\n  options: [quiet, panic=5]\n')).toMatchInlineSnapshot(`
    [
      "x.yaml:3:12 kernel.options: without console=ttyS0,115200n8, the serial line shows nothing once the kernel runs; boot, test and rigs read it",
      "x.yaml:3:12 kernel.options: without console=tty0, the screen shows nothing",
      "x.yaml:3:12 kernel.options: without oops=panic, a kernel goes on after an oops, and may be confirmed",
      "x.yaml:3:12 kernel.options: without softlockup_panic=1, a processor that hangs in the kernel does not reset the host, and the loader cannot fall back",
      "x.yaml:3:12 kernel.options: without nmi_watchdog=panic, a processor that hangs with interrupts off does not reset the host, and the loader cannot fall back",
    ]
  `);
});

test('names what remove takes away where it is removed, whatever stands above it', () => {
  const overlay = { 'o.yaml': 'modules: { drivers: { drivers: { add: [tg3] } } }\n' };
  const text = 'modules:\n  drivers:\n    drivers: { remove: [button] }\noverlays: [o.yaml]\n';
  expect(missing(text, overlay, ['health.checks.remove=state'])).toEqual([
    'x.yaml:4:25 modules.drivers.drivers: without button, the power button does nothing',
    "--set health.checks.remove=state health.checks: without state, a boot that lost an administrator's settings is confirmed",
  ]);
});

test('says nothing of what another value does as well, and of what comes back above', () => {
  expect(
    missing(
      'kernel: { options: { add: [panic=5, console=ttyS1], remove: [panic=10, "console=ttyS0,115200n8"] } }\n',
    ),
  ).toEqual([]);
  expect(missing('boot: { drivers: { remove: loop } }\n', {}, ['boot.drivers.add=loop'])).toEqual(
    [],
  );
});

test('names an agent and a key that a whole list dropped, not one that was removed by name', () => {
  const x = (text: string) => `modules: { agents: { agents: ${text} } }\n`;
  expect(missing(x('[vmkd, cim]'))).toMatchInlineSnapshot(`
    [
      "x.yaml:2:30 modules.agents.agents: without syslog, log messages are kept nowhere and not sent anywhere",
      "x.yaml:2:30 modules.agents.agents: without ntp, the clock is not set by time servers",
    ]
  `);
  expect(missing(x('{ remove: syslog }'))).toEqual([]);
  const keys = {
    'a.pub': '',
    'b.pub': '',
    'k.yaml': `extends: ${join(cwd, 'recipes/default.yaml')}\ntrust: ["file:a.pub"]\n`,
  };
  const over = (text: string) =>
    recipeWarnings(load({ ...keys, 'x.yaml': `extends: k.yaml\ntrust: ${text}\n` }).recipe);
  expect(over('["file:b.pub"]')).toMatchInlineSnapshot(`
    [
      "x.yaml:2:8 trust: without file:a.pub, bundles that only it has signed are refused",
    ]
  `);
  expect(over('{ add: "file:b.pub" }')).toEqual([]);
  expect(over('{ add: "file:b.pub", remove: "file:a.pub" }')).toEqual([]);
});

test('says which agents have no world to start in', () => {
  const warning =
    'modules: without deb:bubblewrap#usr/bin/bwrap in a module of type tools, these agents do not start: syslog, cim, ntp';
  expect(missing('modules: { tools: null }\n')).toEqual([warning]);
  expect(missing('modules: { tools: { programs: ["deb:nftables#usr/sbin/nft"] } }\n')).toEqual([
    warning,
  ]);
  const without = (more: string) => missing(`modules: { tools: null, ${more} }\n`);
  expect(without('agents: { agents: { remove: [cim, syslog, ntp] } }')).toEqual([]);
});

test('says of a recipe that extends nothing which modules it lacks', () => {
  expect(recipeWarnings(load({ 'x.yaml': 'name: lab\n' }).recipe)).toMatchInlineSnapshot(`
    [
      "x.yaml:1:1 modules: without a module of type engine, nothing in the bank can run vmkd and the agents",
      "x.yaml:1:1 modules: without a module of type agents, the bank has no system above the initramfs, and the kernel panics",
      "x.yaml:1:1 modules: without a module of type drivers, the host has only the drivers of the initramfs",
    ]
  `);
  expect(
    recipeWarnings(recipeSchema.parse({ modules: { own: { type: 'agents', agents: [] } } })),
  ).toMatchInlineSnapshot(`
    [
      "modules: without a module of type engine, nothing in the bank can run vmkd and the agents",
      "modules: without a module of type drivers, the host has only the drivers of the initramfs",
      "modules.own.agents: without vmkd, no boot is ever confirmed, and nothing answers",
    ]
  `);
});

test('the lists of a recipe that says none are those of the default recipe', () => {
  const { kernel, boot, health } = recipeSchema.parse({});
  expect(kernel.options).toEqual(base.kernel.options);
  expect(boot.drivers).toEqual(base.boot.drivers);
  expect(health.checks).toEqual(base.health.checks);
});
