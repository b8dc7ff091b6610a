import { describe, expect, test } from 'vitest';
import { problemsOf, runsOf } from './scenario-folder.ts';

const steps = (...lines: string[]) =>
  ['description: A test', 'steps:', ...lines.map((line) => `  - ${line}`)].join('\n');

describe('each problem has its place and says what was expected', () => {
  test.each([
    [
      'a step that is not known',
      'steps[0]: expected a step, found "bot"; did you mean "boot"?',
      'bot',
    ],
    ['a number', 'test.yaml:3:5 steps[0]: expected a step: one of build, bundle, flash,', '7'],
    [
      'a build that is not there',
      'test.yaml:3:12 steps[0].build: expected one of the scenario\'s builds (default), found "defualt"; did you mean "default"?',
      'build: defualt',
    ],
    [
      'a boot before any flash',
      'test.yaml:3:5 steps[0].boot: expected a `flash` before it, found none',
      'boot',
    ],
    [
      'a key that is not known',
      'test.yaml:3:13 steps[0].boot.untill: expected one of the keys until, timeout, found "untill"; did you mean "until"?',
      'boot: { untill: ready }',
    ],
    [
      'a time without a unit',
      'test.yaml:3:22 steps[0].boot.timeout: expected a time such as 500ms, 30s or 5m, found 30',
      'boot: { timeout: 30 }',
    ],
    [
      'a regular expression that is none',
      'test.yaml:3:24 steps[0].expect.console[0]: expected a regular expression, found "(" (Unterminated group)',
      'expect: { console: "(" }',
    ],
    [
      'a bank that cannot be',
      "test.yaml:3:21 steps[0].expect.bank: expected the number of a bank's partition, such as 5 or 6, found 0",
      'expect: { bank: 0 }',
    ],
    [
      'an update without a bundle',
      'steps[0].update.bundle: expected a `bundle` before it, found none',
      'update',
    ],
    [
      'an expectation of nothing',
      'steps[0].expect: expected one of is, console, bank,',
      'expect: {}',
    ],
    [
      'a placeholder that stands for nothing',
      `test.yaml:3:13 steps[0].inject: expected nothing of the kind here, found "\${fault}"`,
      `inject: \${fault}`,
    ],
    [
      'a repeat without an end',
      'test.yaml:3:13 steps[0].repeat: expected either times or over, found neither',
      'repeat: { steps: [boot] }',
    ],
  ])('%s', (_what, expected, step) => {
    expect(problemsOf(steps(step)).join('\n')).toContain(expected);
  });

  test.each([
    ['8GB', '[0]: expected a size such as 48MiB, found "8GB"'],
    ['8', '[0]: expected a size such as 8GiB, or a map such as { size: 8GiB, bus: nvme }, found 8'],
    ['1000B', '[0]: expected a size in whole MiB from 1MiB to 16384GiB, found "1000B"'],
    [
      '{ size: 1GiB, bus: ide }',
      '[0].bus: expected one of virtio, ahci, nvme, usb, pvscsi, found "ide"',
    ],
    ['{ bus: nvme }', '[0].size: expected a size such as 48MiB, found nothing'],
    ['1GiB, 1GiB, 1GiB, 1GiB, 1GiB, 1GiB', ': expected at most 5 disks, found '],
  ])('refuses the added disk %s', (disk, problem) => {
    const [found, ...others] = problemsOf(`machine: { disks: [${disk}] }\n${steps('build')}`);
    expect(found).toContain(`test.yaml:1:`);
    expect(found).toContain(`machine.disks${problem}`);
    expect(others).toEqual([]);
  });

  test.each([
    ['storage: {}', 'storage: expected datastores, left-alone or blank, found '],
    [
      'storage: { datastores: datastore1 }',
      'datastores: expected a map such as { datastore1: accessible }, found "datastore1"',
    ],
    ['storage: { left-alone: ["("] }', 'left-alone[0]: expected a regular expression, found "("'],
    ['worlds: { cim: up }', 'worlds.cim: expected one of waiting, '],
    ['worlds: { cim: { restarts: 1 } }', 'worlds.cim.state: expected one of waiting, '],
    [
      'network: { uplinks: { vmnic0: plugged } }',
      'uplinks.vmnic0: expected one of up, down, found "plugged"',
    ],
    ['coredump: { armed: yes please }', 'armed: expected true or false, found "yes please"'],
  ])('refuses the expectation %s', (expectation, problem) => {
    const text = steps('build', 'flash', 'boot', `expect: { ${expectation} }`);
    expect(problemsOf(text).join('\n')).toMatch(/^test.yaml:6:/);
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  test('refuses a fault that is not known, in a step and in a matrix', () => {
    const text = steps('build', 'flash', 'inject: kernel-panik@6', 'boot');
    expect(problemsOf(text)).toEqual([
      'test.yaml:5:13 steps[2].inject[0]: expected a fault, found "kernel-panik@6"; did you mean "kernel-panic"?',
    ]);
    const matrix = `matrix: { fault: [init-hung] }\n${steps('build')}`;
    expect(problemsOf(matrix)).toEqual([
      'test.yaml:1:19 matrix.fault[0]: expected a fault, found "init-hung"; did you mean "init-hang"?',
    ]);
  });

  test('refuses files that are not there', () => {
    const text = `recipe: none.yaml\nbuilds: { a: { oem: [oem, nothing] } }\n${steps('build')}`;
    expect(problemsOf(text)).toEqual([
      'test.yaml:1:9 recipe: expected a recipe, found nothing at none.yaml',
      'test.yaml:2:27 builds.a.oem[1]: expected an OEM provider, found nothing at nothing',
    ]);
  });

  test('refuses a step whose machine is not on, or not off', () => {
    const text = steps(
      'build',
      'flash',
      'boot',
      'boot',
      'power-off',
      'expect: { health: ok }',
      'power-cut',
    );
    expect(problemsOf(text)).toEqual([
      'test.yaml:6:5 steps[3].boot: expected a machine that is off (`power-off` before it), found one that is on',
      'test.yaml:8:23 steps[5].expect.health: expected a machine that is on (`boot` before it), found one that is off',
      'test.yaml:9:5 steps[6].power-cut: expected a machine that is on (`boot` before it), found one that is off',
    ]);
  });
});

test('tells all problems of a file at once, also when its head is wrong', () => {
  const found = problemsOf('engines: [qemuu]\nmatrix: { firmwares: [bios] }\nsteps:\n  - bot\n');
  expect(found).toEqual([
    'test.yaml:1:1 description: expected a sentence about what the scenario shows, found nothing',
    expect.stringContaining('test.yaml:1:11 engines[0]: expected one of sim, qemu, command'),
    expect.stringContaining('did you mean "firmware"?'),
    expect.stringContaining('did you mean "boot"?'),
  ]);
});

test('tells a problem of every variant once', () => {
  const text = `matrix: { firmware: [bios, uefi] }\n${steps('build', 'flash', 'boot', 'boot')}`;
  expect(problemsOf(text)).toHaveLength(1);
});

describe('what reports say of the machine', () => {
  const machine = 'machine: { firmware: uefi, disk: nvme }';
  test('is what `machine:` says, in the order of the axes; the name of the run has the matrix alone', () => {
    const [run] = runsOf(`${machine}\nmatrix: { disk: [ahci] }\n${steps('build')}`);
    expect(run?.run).toBe('test [disk=ahci]');
    expect(Object.entries(run?.variant ?? {})).toEqual([
      ['firmware', 'uefi'],
      ['disk', 'ahci'],
    ]);
    expect(run?.machine).toMatchObject({ firmware: 'uefi', disk: 'ahci' });
  });

  test('is what --firmware says instead', () => {
    const [run] = runsOf(`${machine}\n${steps('build')}`, { firmware: 'bios' });
    expect(run?.variant).toEqual({ firmware: 'bios', disk: 'nvme' });
    expect(run?.machine).toMatchObject({ firmware: 'bios', disk: 'nvme' });
  });

  test('is nothing where the scenario leaves both to twinbank', () => {
    expect(runsOf(steps('build'))[0]?.variant).toEqual({});
  });
});
