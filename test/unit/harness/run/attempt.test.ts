import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TwinbankError } from '../../../../src/diagnostics/error.ts';
import { runsOf } from '../scenario/scenario-folder.ts';
import { fakeMachines, readyLines } from './fake-machine.ts';
import { runOnFakes } from './run-on-fakes.ts';

const scenario = (...steps: string[]) =>
  runsOf(['description: A test', 'steps:', ...steps.map((step) => `  - ${step}`)].join('\n'));

describe('a scenario', () => {
  test('passes when every step does, and its machine is gone', async () => {
    const machines = fakeMachines();
    const runs = scenario(
      'build',
      'flash',
      'boot',
      'expect: { is: ready, bank: 5, version: "1.0.0" }',
    );
    const { verdicts, record } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(verdicts).toEqual({ test: 'passed' });
    expect(machines.log).toEqual(['1:flash', '1:on', '1:gone']);
    expect(record.scenarios[0]?.attempts[0]?.steps.map(({ found }) => found)).toEqual([
      ...['1.0.0-1', '1.0.0-1', 'ready: bank 5, 1.0.0-1'],
      'ready: bank 5, 1.0.0-1; bank 5; 1.0.0-1',
    ]);
  });

  // With nothing to end it they would wait for as long as their steps say.
  test.each([
    ['expect: { version: "2.0", timeout: 10m }', 'expected version 2.0, found 1.0.0-1'],
    [
      'expect: { console: never, timeout: 10m }',
      'expected console /never/, found no line like /never/',
    ],
    [
      'confirm: { timeout: 10m }',
      'expected the bank to be confirmed, found nothing said of the bank',
    ],
  ])('fails at once where nothing changes any more: %s', { timeout: 60_000 }, async (step, why) => {
    const machines = fakeMachines();
    const makeMachine = async () => ({ ...(await machines.make()), settled: async () => true });
    const { failures } = await runOnFakes(scenario('build', 'flash', 'boot', step), {
      makeMachine,
    });
    expect(failures.map(({ message }) => message)).toEqual([why]);
  });

  test('keeps its verdict where its artefacts cannot be written, and that is told beside it', async () => {
    const runs = scenario('build', 'flash', 'boot', 'expect: { bank: 6, timeout: 1s }');
    const { makeMachine } = { makeMachine: fakeMachines().make };
    // No folder can be made in a file, whoever asks.
    const artefacts = join(import.meta.dirname, 'attempt.test.ts');
    const { verdicts, failures, problems } = await runOnFakes(runs, { makeMachine, artefacts });
    expect(verdicts).toEqual({ test: 'failed' });
    expect(failures.map(({ message }) => message)).toEqual(['expected bank 6, found bank 5']);
    expect(problems).toEqual([expect.objectContaining({ code: 'ENOTDIR' })]);
  });

  test('fails at once where its machine is lost', { timeout: 60_000 }, async () => {
    const machines = fakeMachines();
    const gone = new TwinbankError('boot', 'harness.lost', 'QEMU ended');
    const makeMachine = async () => {
      const machine = await machines.make();
      const lost = () => (machine.isOn() ? gone : undefined);
      return { ...machine, lost };
    };
    const runs = scenario('build', 'flash', 'boot', 'expect: { console: never, timeout: 10m }');
    const { failures } = await runOnFakes(runs, { makeMachine });
    expect(failures.map(({ message }) => message)).toEqual(['QEMU ended']);
  });

  test('has failed where its second attempt was broken off', async () => {
    const machines = fakeMachines({ boot: () => ['!off'] });
    const stop = new AbortController();
    let made = 0;
    const makeMachine = async () => {
      if (++made > 1) stop.abort(new Error('SIGTERM'));
      return machines.make();
    };
    const options = { makeMachine, signal: stop.signal, retry: 1 };
    const { verdicts, summary } = await runOnFakes(scenario('build', 'flash', 'boot'), options);
    expect(made).toBe(2);
    expect(verdicts).toEqual({ test: 'failed' });
    expect(summary.totals).toMatchObject({ failed: 1, skipped: 0 });
  });

  test('follows resets to the system that stays, and tells of each boot', async () => {
    const boot = () => [
      'twinbank: loader',
      'twinbank: bank 6 set bootstate=2 attempts=0 verdict=-',
      'twinbank: booting bank 6 build=1.1.0-1',
      'Kernel panic - not syncing: test',
      '!reset',
      ...readyLines(5),
    ];
    const machines = fakeMachines({ boot });
    const runs = scenario(
      'build',
      'flash',
      'boot',
      'expect: { console: [panic, booting bank 5], bank: 5 }',
    );
    const { verdicts, record } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(verdicts).toEqual({ test: 'passed' });
    const boots = record.scenarios[0]?.attempts[0]?.boots;
    expect(boots?.map(({ booted, outcome }) => [booted, outcome])).toEqual([
      [6, 'panic'],
      [5, 'healthy'],
    ]);
  });

  test('goes on after a power cut that was injected, and fails after one that was not', async () => {
    const boot = () => ['twinbank: loader', '!cut', '!on', ...readyLines()];
    const good = fakeMachines({ boot });
    const injected = scenario('build', 'flash', 'inject: power-cut=mark', 'boot');
    const { verdicts, record } = await runOnFakes(injected, { makeMachine: good.make });
    expect(verdicts).toEqual({ test: 'passed' });
    expect(record.scenarios[0]?.attempts[0]?.boots).toHaveLength(2);
    const bad = fakeMachines({ boot: () => ['twinbank: loader', '!cut'] });
    const { failures } = await runOnFakes(scenario('build', 'flash', 'boot'), {
      makeMachine: bad.make,
    });
    expect(failures[0]?.message).toBe('expected a ready system, found a machine that went off');
  });

  test('fails at once where the machine stays as it is', async () => {
    const boot = () => ['twinbank: loader', 'twinbank: rescue: no bank can be booted'];
    const machines = fakeMachines({ boot });
    const { failures, kept } = await runOnFakes(scenario('build', 'flash', 'boot', 'reset'), {
      makeMachine: machines.make,
    });
    expect(failures).toMatchObject([
      {
        code: 'scenario.unmet',
        message: 'expected a ready system, found the rescue prompt',
        place: { file: 'test.yaml', line: 5, column: 5 },
        lines: ['   0.0 twinbank: loader', '   0.0 twinbank: rescue: no bank can be booted'],
      },
    ]);
    expect(kept('test-1/console.txt')).toBe(true);
    expect(machines.log).toEqual(['1:flash', '1:on', '1:gone']);
  });

  test('ends in time with a machine that never answers, with the last console lines', async () => {
    const machines = fakeMachines({ boot: () => ['twinbank: loader', 'SeaBIOS'] });
    const runs = scenario('build', 'flash', 'boot: { timeout: 400ms }');
    const { failures, verdicts } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(verdicts).toEqual({ test: 'failed' });
    expect(failures[0]?.message).toBe('expected a ready system, found nothing of it in 0.4 s');
    expect(failures[0]?.lines?.at(-1)).toContain('SeaBIOS');
    expect(machines.alive.size).toBe(0);
  });

  test('ends in time with a call that never comes back, too', async () => {
    const machines = fakeMachines();
    const runs = scenario('build', 'flash', 'boot', 'expect: { health: ok, timeout: 40ms }');
    const { failures } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(failures[0]).toMatchObject({
      code: 'scenario.timeout',
      message: 'expected the step to be over in 0.04 s, found it still going on',
    });
    expect(machines.alive.size).toBe(0);
  });

  test('ends when it takes too long as a whole, too', async () => {
    const machines = fakeMachines();
    const text =
      'description: A test\ntimeout: 50ms\nsteps: [build, flash, boot, { expect: { health: ok } }]';
    const { failures } = await runOnFakes(runsOf(text), { makeMachine: machines.make });
    expect(failures[0]?.code).toBe('scenario.timeout');
  });

  test.each([
    new TwinbankError(
      'io',
      'device.write',
      '/dev/sdb: expected to write 65536 bytes at 1048576, found no device',
    ),
    new TwinbankError('corrupt', 'image.foreign', 'expected a twinbank image, found a VMDK disk'),
  ])('fails in its step when the target goes away or the image is wrong: $code', async (error) => {
    const machines = fakeMachines({ flash: error });
    const { failures, verdicts } = await runOnFakes(scenario('build', 'flash', 'boot'), {
      makeMachine: machines.make,
    });
    expect(verdicts).toEqual({ test: 'failed' });
    expect(failures).toMatchObject([
      { code: error.code, message: error.message, place: { line: 4 } },
    ]);
    expect(machines.log).toEqual(['1:flash', '1:gone']);
  });

  test('fails when a fault never happened', async () => {
    const machines = fakeMachines({ unfired: ['kernel-panic@6'] });
    const runs = scenario('build', 'flash', 'inject: kernel-panic@6', 'boot');
    const { failures } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(failures[0]?.message).toBe(
      'expected every fault to happen, found kernel-panic@6 waiting',
    );
  });
});

describe('what a machine cannot do', () => {
  test('makes a scenario not applicable before anything is done', async () => {
    const machines = fakeMachines({ abilities: [] });
    const runs = scenario('build', 'flash', 'boot', 'power-cut');
    const { verdicts, record } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(verdicts).toEqual({ test: 'not-applicable' });
    expect(machines.log).toEqual(['1:gone']);
    expect(record.scenarios[0]?.attempts[0]?.steps.map(({ verdict }) => verdict)).toEqual([
      ...['skipped', 'skipped', 'skipped', 'not-applicable'],
    ]);
  });

  test('is left out where it only looks; the others are looked at, and none of it has passed', async () => {
    const machines = fakeMachines({ abilities: ['vmkd'] });
    const runs = scenario('build', 'flash', 'boot', 'expect: { port: 443 }', 'expect: { bank: 5 }');
    const { verdicts, record } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(verdicts).toEqual({ test: 'not-applicable' });
    expect(record.scenarios[0]?.attempts[0]?.steps.map(({ verdict }) => verdict)).toEqual([
      ...['passed', 'passed', 'passed', 'not-applicable', 'passed'],
    ]);
  });

  test('does not hide a failure', async () => {
    const machines = fakeMachines({ abilities: ['vmkd'] });
    const runs = scenario(
      'build',
      'flash',
      'boot',
      'expect: { port: 443 }',
      'expect: { bank: 6, timeout: 20ms }',
    );
    const { verdicts } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(verdicts).toEqual({ test: 'failed' });
  });

  test('is not even made where the scenario is for other engines', async () => {
    const machines = fakeMachines();
    const text = 'description: A test\nengines: qemu\nsteps: [build, flash, boot]';
    const { verdicts } = await runOnFakes(runsOf(text), { makeMachine: machines.make });
    expect(verdicts).toEqual({ test: 'not-applicable' });
    expect(machines.log).toEqual([]);
  });
});
