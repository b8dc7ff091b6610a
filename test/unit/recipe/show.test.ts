import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { originData, recipeText, showRecipe } from '../../../src/recipe/show.ts';
import { exhaustive } from '../../support/exhaustive.ts';
import { load, temporaryFiles } from './temporary-files.ts';

test('a recipe is shown whole, each value with what set it', () => {
  const { recipe, origins } = load(
    {
      'x.yaml': 'extends: base.yaml\nbank: { size: 1536MiB }\ntrust: []\n',
      'base.yaml': 'version: "1.10"\nmodules:\n  agents:\n    type: agents\n',
    },
    ['build=12', 'disk.order=[store, coredump, bootbank2, bootbank1, bootloader]'],
  );
  expect(showRecipe(recipe, origins)).toMatchInlineSnapshot(`
    "product: twinbank # default
    name: twinbank # default
    version: "1.10" # base.yaml:1
    build: "12" # --set
    banks: both # default
    disk:
      order:
        - store # --set
        - coredump # --set
        - bootbank2 # --set
        - bootbank1 # --set
        - bootloader # --set
      pmbrActive: false # default
    bootloader:
      size: 4MiB # default
      timeoutSeconds: 2 # default
    bank:
      size: 1536MiB # x.yaml:2
      reserve: 2MiB # default
    coredump:
      size: 110MiB # default
    store:
      size: 540MiB # default
      client: true # default
      packages:
        - deb:qemu-guest-agent # default
    kernel:
      from: deb:linux-image-amd64 # default
      btf: true # default
      options:
        - console=tty0 # default
        - console=ttyS0,115200n8 # default
        - panic=10 # default
        - oops=panic # default
        - softlockup_panic=1 # default
        - nmi_watchdog=panic # default
        - watchdog_thresh=30 # default
        - crashkernel=1500M-:256M # default
        - quiet # default
        - loglevel=4 # default
    boot:
      busybox: deb:busybox-static # default
      drivers:
        - loop # default
        - squashfs # default
        - overlay # default
        - i6300esb # default
        - lpc_ich # default
        - i2c_i801 # default
        - iTCO_wdt # default
        - sp5100_tco # default
        - qemu_fw_cfg # default
      compression: zstd # default
    firstBoot:
      trustedNetwork: false # default
      blankDisks: format # default
      bootDiskRest: leave # default
    health:
      watchdogSeconds: 60 # default
      trialSeconds: 300 # default
      checks:
        - layers # default
        - manifests # default
        - loader # default
        - agents # default
        - state # default
      trialChecks: [] # default
    resources:
      system:
        cpuWeight: 200 # default
        memoryReserved: 96MiB # default
      vm:
        cpuWeight: 100 # default
        memoryReserved: 0B # default
    modules:
      agents:
        type: agents # base.yaml:4
        agents:
          - vmkd # default
        layer:
          compression: xz # default
          blockSize: 1MiB # default
    securityVersion: 0 # default
    oem: [] # default
    trust: [] # x.yaml:3
    "
  `);
});

test('origins as data have one entry for each value, by its path', () => {
  const { origins } = load({ 'x.yaml': 'bank:\n  size: 64MiB\n' }, ['build=12']);
  expect(originData(origins)).toMatchObject({
    'bank.size': 'x.yaml:2',
    'bank.reserve': 'default',
    'kernel.options[0]': 'default',
    build: '--set',
    modules: 'default',
  });
});

const MiB = (min: number, max: number) => fc.integer({ min, max }).map((n) => `${n}MiB`);
const driver = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/), { maxLength: 4 });
const asciiText = (max: number) => fc.stringMatching(new RegExp(`^[ !#-&(-\\[\\]-~]{1,${max}}$`));
const layer = fc.oneof(
  fc.record(
    {
      compression: fc.constantFrom('xz', 'xz-x86'),
      blockSize: fc.constantFrom('4KiB', '128KiB', '1MiB', '65536B'),
    },
    { requiredKeys: [] },
  ),
  fc.record({ compression: fc.constant('zstd'), level: fc.integer({ min: 1, max: 22 }) }),
);
const module = fc.oneof(
  fc.record({ type: fc.constant('engine'), locales: fc.constant(['root', 'de_DE']), layer }),
  fc.record({ type: fc.constant('agents'), layer }),
  fc.record({
    type: fc.constant('vmm'),
    from: fc.constantFrom('deb:qemu-system-x86=1:7.2', 'file:x.yaml', 'npm:@a/b@1.0.0-rc.1+x'),
    firmware: fc.constantFrom([], ['deb:seabios#a/b', 'file:x.yaml']),
  }),
  fc.record({ type: fc.constant('drivers'), drivers: driver }),
  fc.record({ type: fc.constant('files'), files: fc.constant('file:tree #1') }),
);
const recipe = fc.record(
  {
    version: fc.stringMatching(/^[0-9]{1,3}(\.[0-9]{1,3}){1,3}(-[a-z0-9.]{1,9})?$/),
    build: fc.oneof(fc.nat(), fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z.+~_]{0,9}$/)),
    title: asciiText(64),
    description: fc
      .string({ unit: 'grapheme', maxLength: 200 })
      .map((text) => text.replace(/[^\P{C}\n]/gu, '')),
    banks: fc.constantFrom('both', 'first'),
    disk: fc.record({
      order: fc.shuffledSubarray(['bootloader', 'bootbank1', 'bootbank2', 'coredump', 'store'], {
        minLength: 5,
      }),
      pmbrActive: fc.boolean(),
    }),
    bank: fc.record({ size: MiB(5, 2047), reserve: fc.nat(999_999).map((n) => `${n}B`) }),
    coredump: fc.record({ size: fc.oneof(MiB(1, 65536), fc.constant('64GiB')) }),
    store: fc.record({ size: MiB(5, 2047), client: fc.boolean(), packages: fc.constant([]) }),
    kernel: fc.record({
      options: fc.uniqueArray(asciiText(30).map((text) => `x${text.replaceAll(' ', '')}`)),
    }),
    boot: fc.record({ drivers: driver, compression: fc.constantFrom('zstd', 'xz') }),
    modules: fc.dictionary(
      fc
        .stringMatching(/^[a-z][a-z0-9-]{0,7}$/)
        .filter((name) => name !== 'boot' && name !== 'vmkernel'),
      module,
      { maxKeys: 4 },
    ),
    trust: fc.constantFrom([], ['file:x.yaml']),
  },
  { requiredKeys: [] },
);

test('what is shown is a recipe that resolves to the same object, with and without origins', () => {
  const cwd = temporaryFiles({ 'tree #1/a': '' });
  const roundTrip = (text: string) => {
    writeFileSync(join(cwd, 'x.yaml'), text);
    return loadRecipe('x.yaml', { cwd });
  };
  fc.assert(
    fc.property(recipe, (input) => {
      const first = roundTrip(JSON.stringify(input));
      for (const origins of [undefined, first.origins]) {
        const again = roundTrip(showRecipe(first.recipe, origins));
        expect(again.recipe).toEqual(first.recipe);
        expect(Object.keys(again.recipe.modules)).toEqual(Object.keys(first.recipe.modules));
      }
      expect(roundTrip(JSON.stringify(recipeText(first.recipe))).recipe).toEqual(first.recipe);
    }),
    { numRuns: exhaustive ? 300 : 60 },
  );
});

test('each shown value is one line that ends in its origin, as the data has it', () => {
  const { recipe, origins } = load({ 'x.yaml': 'name: a\nkernel:\n  options: []\n' });
  const lines = showRecipe(recipe, origins).trimEnd().split('\n');
  const commented = lines.flatMap((line) => / # (.*)$/.exec(line)?.[1] ?? []);
  expect(commented).toEqual(Object.values(originData(origins)));
});
