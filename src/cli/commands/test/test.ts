import { join, relative, resolve } from 'node:path';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { assertOutputFolder } from '../../../disk/output-folder.ts';
import type { RunRecord } from '../../../harness/report/record.ts';
import { machinesAtOnce } from '../../../harness/run/capacity.ts';
import { runScenarios } from '../../../harness/run/run-scenarios.ts';
import { shardOf } from '../../../harness/run/shards.ts';
import {
  scenarioJsonSchema,
  scenarioJsonSchemaText,
} from '../../../harness/scenario/json-schema.ts';
import { missingAbilities } from '../../../harness/scenario/missing-abilities.ts';
import type { PlannedRun } from '../../../harness/scenario/read-scenario.ts';
import type { PlannedStep } from '../../../harness/scenario/step.ts';
import { packageVersion } from '../../../host/package-root.ts';
import { recipePath } from '../../../recipe/recipe-path.ts';
import { type Context, defineCommand } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { trustOemOption } from '../../options.ts';
import { openReports, takesStdout, writeReports } from '../../run-reports.ts';
import { loadSigningKey, signingKeyOption } from '../../secrets/signing-key.ts';
import { inRange } from '../../whole-number.ts';
import { openArtifactStore } from './artifact-store.ts';
import { listenTo } from './listeners.ts';
import { type MachineChoice, machineMaker } from './machines.ts';
import { testOptions } from './options.ts';
import { loadScenarios } from './scenario-files.ts';
import { listText, planText, runText } from './text.ts';

/** More than any machine can do, of everything that is counted. */
const most = 1000;

export const command = defineCommand({
  examples: [
    [
      'test scenarios --engine sim',
      'Everything that is shipped, in seconds, without a virtual machine',
    ],
    ['test scenarios/upgrade.yaml --html out/upgrade.html', 'In QEMU, with a report to look at'],
    [
      'test scenarios --shard 1/2 --retry 1 --junit out/junit.xml --events out/1.ndjson',
      'Half of it, in CI',
    ],
    ['test scenarios --dry-run', 'What would be done, step by step'],
  ],
  builder: (yargs) => testOptions(trustOemOption(signingKeyOption(yargs))),
  needs: {
    accelerator: ({ engine }) => (engine === 'qemu' ? undefined : '--engine qemu'),
    schema: ({ scenario }) => (scenario.length === 0 ? undefined : 'no scenario beside it'),
  },
  dash: { filter: 'text', junit: 'output', html: 'output', events: 'output' },
  run: async (context, options) => {
    if (options.schema) {
      return { json: { schema: scenarioJsonSchema() }, text: scenarioJsonSchemaText() };
    }
    if (options.scenario.length === 0)
      throw usageError('test: expected a scenario or a folder of them');
    const shard = options.shard === undefined ? undefined : parseShard(options.shard);
    const choice = machineChoice(options);
    const all = loadScenarios(options.scenario, {
      cwd: context.cwd,
      recipe: recipePath('twinbank:default', context.cwd),
      firmware: options.firmware,
    }).filter(({ run }) => options.filter === undefined || run.includes(options.filter));
    if (all.length === 0) throw nothingNamed(options.filter);
    const repeat = inRange('repeat', options.repeat, { least: 1, most });
    const runs = repeated(shard ? shardOf(all, shard) : all, repeat);
    const makeMachine = machineMaker(choice, context.cwd);
    if (options.list) return { json: runsJson(runs, () => undefined), text: listText(runs) };
    if (options.dryRun) {
      const missing = await missingByStep(runs, makeMachine, context.signal);
      return { json: runsJson(runs, missing), text: planText(runs, missing) };
    }
    const { jobs = machinesAtOnce(choice.kind, runs), retry, bail = false } = options;
    const limits = {
      jobs: inRange('jobs', jobs, { least: 1, most }),
      retry: inRange('retry', retry, { least: 0, most }),
      bail,
      share: repeat === 1,
    };
    const started = Date.now();
    const artefacts = resolve(
      context.cwd,
      options.artefacts ??
        join('out/test', new Date(started).toISOString().slice(0, 19).replaceAll(':', '-')),
    );
    assertOutputFolder(artefacts, options.artefacts);
    const key = await loadSigningKey(context, options);
    const files = openReports(context, options);
    const stdoutIsFree = !context.json && !takesStdout(files);
    const { watch } = options;
    const listeners = listenTo(context, { events: files.events, watch, stdoutIsFree }, artefacts);
    const artifactStore = await openArtifactStore(context, key, options.trustOem);
    let broken: unknown;
    try {
      const begun = performance.now();
      await runScenarios(runs, {
        ...limits,
        ...{
          artifactStore,
          started,
          shard,
          artefacts,
          engine: choice.kind,
          signal: context.signal,
        },
        version: packageVersion(),
        keepAll: options.keepArtefacts === true,
        makeMachine,
        now: () => (performance.now() - begun) / 1000,
        emit: listeners.hear,
        onProblem: (error) => {
          broken ??= error;
        },
      });
    } finally {
      await artifactStore.close();
      // The other reports are written still.
      await listeners.close().catch((error: unknown) => {
        broken ??= error;
      });
    }
    const record = listeners.record();
    await writeReports(record, files, context.cwd);
    context.signal.throwIfAborted();
    if (broken) throw broken;
    const result = outcome(context, record, relative(context.cwd, artefacts), options);
    if (!takesStdout(files)) return result;
    context.report({ type: 'note', text: result.text });
    return { ...result, text: '' };
  },
});

function machineChoice(options: {
  engine: MachineChoice['kind'];
  rig: string | undefined;
  accelerator: MachineChoice['accelerator'];
}): MachineChoice {
  const { engine: kind, rig, accelerator } = options;
  if ((kind === 'command') !== (rig !== undefined)) {
    throw usageError('--rig: expected together with --engine command, and there only');
  }
  return { kind, rig, accelerator };
}

/** A run of nothing would be green. */
function nothingNamed(filter = ''): Error {
  const found = `found ${JSON.stringify(filter)}, which is in none`;
  return usageError(`--filter: expected a part of the name of a run (--list has them), ${found}`);
}

function parseShard(text: string): { index: number; count: number } {
  const [, index, count] = /^([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index !== undefined && shard.index <= shard.count) return shard;
  throw usageError(`--shard: expected i/n such as 1/4, found ${JSON.stringify(text)}`);
}

function repeated(runs: readonly PlannedRun[], times: number): PlannedRun[] {
  if (times === 1) return [...runs];
  return runs.flatMap((one) =>
    Array.from({ length: times }, (_, index) => ({ ...one, run: `${one.run} #${index + 1}` })),
  );
}

/** What these machines, none of which is started, would lack for each step. */
async function missingByStep(
  runs: readonly PlannedRun[],
  makeMachine: ReturnType<typeof machineMaker>,
  signal: AbortSignal,
): Promise<(step: PlannedStep) => string | undefined> {
  const found = new Map<PlannedStep, string>();
  for (const { machine: request, steps } of runs) {
    const machine = await makeMachine(request, signal);
    for (const step of steps) {
      const missing = missingAbilities(machine, step);
      if (missing !== undefined) found.set(step, missing);
    }
    await machine.dispose();
  }
  return (step) => found.get(step);
}

function runsJson(
  runs: readonly PlannedRun[],
  missing: (step: PlannedStep) => string | undefined,
): Record<string, unknown> {
  return {
    runs: runs.map(({ run, scenario, description, file, variant, steps }) => ({
      run,
      scenario,
      description,
      file,
      variant,
      steps: steps.map((step) => {
        return { title: step.title, ...step.place, notApplicable: missing(step) ?? null };
      }),
    })),
  };
}

function outcome(
  { colors }: Context,
  record: RunRecord,
  artefacts: string,
  { junit, html, events }: Record<'junit' | 'html' | 'events', string | undefined>,
) {
  const { totals, scenarios } = record;
  const kept = scenarios.some(({ attempts }) => attempts.some((one) => one.artefacts.length > 0));
  const failed = scenarios.filter(({ verdict }) => verdict === 'failed').map(({ run }) => run);
  const written = [junit, html, events].filter((one) => one !== undefined);
  return {
    json: {
      totals,
      scenarios: scenarios.map(({ run, scenario, variant, verdict, seconds, attempts }) => ({
        run,
        scenario,
        variant,
        verdict,
        seconds,
        attempts: attempts.length,
      })),
      junit: junit ?? null,
      html: html ?? null,
      events: events ?? null,
      artefacts: kept ? artefacts : null,
    },
    text: [runText(record, colors, kept ? artefacts : undefined), ...written].join('\n'),
    failure: failureOf(failed, totals, scenarios.length),
  };
}

function failureOf(
  failed: readonly string[],
  totals: RunRecord['totals'],
  count: number,
): TwinbankError | undefined {
  if (failed.length > 0) {
    const message = `expected every scenario to pass, found ${failed.length} of ${count} that failed: ${failed.join(', ')}`;
    return new TwinbankError('boot', 'scenario.failed', message);
  }
  if (totals.passed + totals.flaky > 0 || count === 0) return undefined;
  const message = `expected a scenario that can be run, found ${count} that are not applicable`;
  return new TwinbankError('boot', 'scenario.none-applicable', message);
}
