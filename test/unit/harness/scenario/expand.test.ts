import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandMatrix } from '../../../../src/harness/scenario/matrix.ts';
import { runsOf, titles } from './scenario-folder.ts';

const head = 'description: A test\n';

describe('a matrix', () => {
  test('is every combination, without those that are excluded, with those that are included', () => {
    const runs = runsOf(`${head}
matrix:
  firmware: [bios, uefi]
  disk: [virtio, nvme]
  exclude: [{ firmware: bios, disk: nvme }]
  include: [{ firmware: uefi, disk: usb }]
steps: [build]`);
    const rest = { memory: 768 * 2 ** 20, cpus: 1, watchdog: 'i6300esb', networks: 1, disks: [] };
    expect(runs.map(({ run, machine }) => [run, machine])).toEqual([
      ['test [firmware=bios disk=virtio]', { firmware: 'bios', disk: 'virtio', ...rest }],
      ['test [firmware=uefi disk=virtio]', { firmware: 'uefi', disk: 'virtio', ...rest }],
      ['test [firmware=uefi disk=nvme]', { firmware: 'uefi', disk: 'nvme', ...rest }],
      ['test [firmware=uefi disk=usb]', { firmware: 'uefi', disk: 'usb', ...rest }],
    ]);
  });

  test('has as many runs as the product of its axes, each once', () => {
    const axis = <T>(values: readonly T[]) =>
      fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 });
    const axes = fc.record({
      firmware: axis(['bios', 'uefi'] as const),
      disk: axis(['virtio', 'ahci', 'nvme', 'usb'] as const),
      fault: axis(['kernel-panic', 'init-hang', 'read-only']),
    });
    fc.assert(
      fc.property(axes, (matrix) => {
        const variants = expandMatrix(matrix);
        const size = matrix.firmware.length * matrix.disk.length * matrix.fault.length;
        expect(new Set(variants.map((one) => JSON.stringify(one))).size).toBe(size);
      }),
    );
  });

  test('gives OEMs to the builds that name none, and is called by their names', () => {
    const [none, one] = runsOf(`${head}
matrix: { oem: [none, oem] }
builds: { plain: {}, own: { oem: [] } }
steps: [build]`);
    expect([none?.run, one?.run]).toEqual(['test [oem=none]', 'test [oem=oem]']);
    expect(none?.builds.get('plain')?.set).toEqual(['oem=[]']);
    const set = one?.builds.get('plain')?.set[0] ?? '';
    expect(set).toMatch(/^oem=\["file:\/.*\/oem"\]$/);
    expect(one?.builds.get('own')?.set).toEqual(['oem=[]']);
  });

  test('gives way to a firmware that the command line names', () => {
    const runs = runsOf(`${head}matrix: { firmware: [bios, uefi] }\nsteps: [build]`, {
      firmware: 'uefi',
    });
    expect(runs.map(({ run }) => run)).toEqual(['test [firmware=uefi]']);
    expect(runsOf(`${head}steps: [build]`, { firmware: 'uefi' })[0]?.machine).toMatchObject({
      firmware: 'uefi',
    });
  });
});

describe('repeat', () => {
  test('is unrolled, by number and by value, inside one another', () => {
    const [run] = runsOf(`${head}
steps:
  - build
  - flash
  - bundle
  - repeat:
      over: [3, 9]
      as: write
      steps:
        - update: { cut-at-write: "\${write}" }
        - repeat: { times: 2, steps: [{ choose: "\${n}" }] }
`);
    expect(titles(run)).toEqual([
      ...['build', 'flash', 'bundle'],
      ...['update cut at write 3', 'choose bank 1 at the loader', 'choose bank 2 at the loader'],
      ...['update cut at write 9', 'choose bank 1 at the loader', 'choose bank 2 at the loader'],
    ]);
  });
});

test('makes orders for the builder of builds, with versions as text', () => {
  const [run] = runsOf(`${head}
builds:
  new:
    version: "1.10"
    kernel-options: [panic=5, quiet]
    set: { bank.size: 64MiB }
  edited: { kernel-options: { remove: [quiet], add: ["x=a,b"] } }
steps: [build]`);
  const order = run?.builds.get('new');
  expect(run?.builds.get('edited')?.set).toEqual([
    'kernel.options={"add":["x=a,b"],"remove":["quiet"]}',
  ]);
  expect(order?.set).toEqual([
    'version="1.10"',
    'kernel.options=["panic=5","quiet"]',
    'bank.size="64MiB"',
  ]);
  expect(order?.recipe).toMatch(new RegExp(`${join('/', 'default.yaml')}$`));
});

test('ends a scenario with faults with whether they have happened', () => {
  const [run] = runsOf(`${head}steps: [build, flash, { inject: kernel-panic }, boot]`);
  expect(titles(run).at(-1)).toBe('every fault has happened');
});

test.each(['ready', 'unhealthy', 'rescue', 'stage=kernel'])(
  'boot: %s is where it is left',
  (until) => {
    const [run] = runsOf(`${head}steps: [build, flash, { boot: '${until}' }]`);
    expect(titles(run).at(-1)).toMatch(
      until === 'ready' ? /^boot$/ : new RegExp(`^boot until /?${until}`),
    );
  },
);
