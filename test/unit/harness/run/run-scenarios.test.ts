import { describe, expect, test } from 'vitest';
import { machinesAtOnce } from '../../../../src/harness/run/capacity.ts';
import { shardOf, weightOf } from '../../../../src/harness/run/shards.ts';
import type { PlannedRun } from '../../../../src/harness/scenario/read-scenario.ts';
import { runsOf } from '../scenario/scenario-folder.ts';
import { fakeMachines, readyLines } from './fake-machine.ts';
import { runOnFakes } from './run-on-fakes.ts';

/** One run by this name. */
function named(name: string, steps: string, more = ''): PlannedRun {
  const text = `name: ${name}\ndescription: A test\n${more}\nsteps: [${steps}]`;
  const [run] = runsOf(text, { recipe: '/recipes/default.yaml' });
  if (!run) throw new Error('no run');
  return run;
}

const boots = 'build, flash, boot';

describe('a run', () => {
  test('tries what failed again, and calls what passes then flaky', async () => {
    let machine = 0;
    const fails = (times: number) => {
      const machines = fakeMachines({ boot: () => (machine <= times ? ['!off'] : readyLines()) });
      return () => {
        machine += 1;
        return machines.make();
      };
    };
    const flaky = await runOnFakes([named('a', boots)], { makeMachine: fails(1), retry: 2 });
    expect(flaky.verdicts).toEqual({ a: 'flaky' });
    expect(flaky.summary.totals).toMatchObject({ flaky: 1, failed: 0, passed: 0 });
    machine = 0;
    const failed = await runOnFakes([named('a', boots)], { makeMachine: fails(9), retry: 2 });
    expect(failed.verdicts).toEqual({ a: 'failed' });
    expect(failed.record.scenarios[0]?.attempts).toHaveLength(3);
  });

  test('begins nothing more after a failure with bail', async () => {
    const machines = fakeMachines({ boot: () => ['!off'] });
    const runs = ['a', 'b', 'c'].map((name) => named(name, `${boots}, reset`));
    const { summary, verdicts } = await runOnFakes(runs, {
      makeMachine: machines.make,
      bail: true,
    });
    expect(verdicts).toEqual({ a: 'failed' });
    expect(summary).toMatchObject({ stopped: true, totals: { failed: 1, skipped: 2 } });
    expect(machines.alive.size).toBe(0);
  });

  test('disposes of every machine when it is interrupted, and says what was skipped', async () => {
    const machines = fakeMachines({ boot: () => ['twinbank: loader'] });
    const stop = new AbortController();
    const runs = ['a', 'b', 'c'].map((name) => named(name, boots));
    const { summary, record } = await runOnFakes(runs, {
      ...{ jobs: 2, signal: stop.signal },
      makeMachine: async () => {
        const machine = await machines.make();
        machine.console.onLine(() => stop.abort(new Error('Ctrl-C')));
        return machine;
      },
    });
    expect(summary).toMatchObject({ stopped: true, totals: { skipped: 3 } });
    expect(record.parts[0]).toMatchObject({ stopped: true, finished: true });
    expect(machines.alive.size).toBe(0);
  });

  test('has no more machines at once than it may', async () => {
    const machines = fakeMachines();
    let most = 0;
    const makeMachine = async () => {
      const machine = await machines.make();
      most = Math.max(most, machines.alive.size);
      return machine;
    };
    const runs = Array.from({ length: 7 }, (_, index) =>
      named(`r${index}`, boots, `machine: { cpus: ${index + 1} }`),
    );
    const { summary } = await runOnFakes(runs, { makeMachine, jobs: 3 });
    expect(summary.totals.passed).toBe(7);
    expect(most).toBe(3);
  });
});

describe('a boot that runs begin with', () => {
  const abilities = ['snapshot', 'vmkd', 'cut'] as const;

  test('is made once, and told to be shared', async () => {
    const machines = fakeMachines({ abilities });
    const runs = ['a', 'b', 'c'].map((name) => named(name, `${boots}, { expect: { bank: 5 } }`));
    const { verdicts, events } = await runOnFakes(runs, { makeMachine: machines.make, jobs: 2 });
    expect(verdicts).toEqual({ a: 'passed', b: 'passed', c: 'passed' });
    const count = (what: string) => machines.log.filter((line) => line.endsWith(`:${what}`)).length;
    expect([count('on'), count('snapshot'), count('restore'), count('snapshot gone')]).toEqual([
      ...[1, 1, 2, 1],
    ]);
    expect(events.filter((event) => event.type === 'boot' && event.shared)).toHaveLength(2);
  });

  test.each([
    ['another machine', boots, 'machine: { firmware: uefi }'],
    ['another build', boots, 'builds: { default: { version: "2.0" } }'],
    ['other steps', 'build, { flash: { size: 2GiB } }, boot', ''],
    ['a fault', 'build, flash, { inject: kernel-panic@5 }, boot', ''],
  ])('is not shared with %s', async (_what, steps, more) => {
    const machines = fakeMachines({ abilities });
    const runs = [named('a', boots), named('b', steps, more)];
    const { verdicts } = await runOnFakes(runs, { makeMachine: machines.make });
    expect(verdicts).toEqual({ a: 'passed', b: 'passed' });
    expect(machines.log.filter((line) => line.endsWith(':restore'))).toEqual([]);
  });

  test('is made again by the next one when it fails', async () => {
    let made = 0;
    const machines = fakeMachines({
      abilities,
      boot: () => (made === 1 ? ['!off'] : readyLines()),
    });
    const makeMachine = () => {
      made += 1;
      return machines.make();
    };
    const runs = ['a', 'b', 'c'].map((name) => named(name, boots));
    const { summary } = await runOnFakes(runs, { makeMachine, jobs: 2 });
    expect(summary.totals).toMatchObject({ failed: 1, passed: 2 });
  });
});

describe('shards', () => {
  const some = () =>
    [3, 1, 4, 1, 5, 9, 2, 6].map((count, index) =>
      named(`r${index}`, ['build', 'flash', 'boot', ...Array(count).fill('reset')].join(', ')),
    );

  test.each([1, 2, 3, 5])('takes every run once with %i shards', (count) => {
    const runs = some();
    const all = Array.from({ length: count }, (_, at) =>
      shardOf(runs, { index: at + 1, count }),
    ).flat();
    expect(all.map(({ run }) => run).sort()).toEqual(runs.map(({ run }) => run).sort());
  });

  test('gives shards that take about as long, and do not depend on the order', () => {
    const runs = some();
    const loads = [1, 2].map((index) =>
      shardOf(runs, { index, count: 2 }).reduce((sum, run) => sum + weightOf(run), 0),
    );
    const [one = 0, two = 0] = loads;
    expect(Math.abs(one - two)).toBeLessThan(Math.max(...runs.map(weightOf)));
    const turned = shardOf([...runs].reverse(), { index: 1, count: 2 }).map(({ run }) => run);
    expect(turned.sort()).toEqual(
      shardOf(runs, { index: 1, count: 2 })
        .map(({ run }) => run)
        .sort(),
    );
  });
});

test('allows as many machines at once as cores and memory do', () => {
  const runs = [named('a', boots, 'machine: { memory: 1GiB }')];
  const GiB = 2 ** 30;
  expect(machinesAtOnce('qemu', runs, { cores: 8, freeBytes: 64 * GiB })).toBe(8);
  expect(machinesAtOnce('qemu', runs, { cores: 8, freeBytes: 4 * GiB })).toBe(2);
  expect(machinesAtOnce('qemu', runs, { cores: 8, freeBytes: GiB / 2 })).toBe(1);
  expect(machinesAtOnce('command', runs, { cores: 8, freeBytes: 64 * GiB })).toBe(1);
});
