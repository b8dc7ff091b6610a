import { TwinbankError } from '../../diagnostics/error.ts';
import { isNotAble, type TestMachine } from '../machine/test-machine.ts';
import type { Failure, RunEvent, Verdict } from '../report/run-event.ts';
import type { MachineWish, PlannedRun } from '../scenario/read-scenario.ts';
import type { PlannedStep } from '../scenario/step.ts';
import { type ArtefactFolder, artefactFolder, keepTraces } from './artefacts.ts';
import { diskMark } from './disk-mark.ts';
import { lackOf } from './lack.ts';
import { type MachineWatch, watchMachine } from './machine-watch.ts';
import { type Desk, notApplicableCode, type Play, type PlayEvent } from './play.ts';
import type { BootShelf } from './share-boots.ts';
import type { Workshop } from './workshop.ts';

export interface AttemptOptions {
  /** A machine that is off, with nothing on its disk. */
  makeMachine(wish: MachineWish, signal: AbortSignal): Promise<TestMachine>;
  readonly workshop: Workshop;
  readonly shelf: BootShelf;
  readonly engine: TestMachine['kind'];
  /** Seconds since the run began. */
  now(): number;
  emit(event: RunEvent): void;
  /** Folder of the run's artefacts. */
  readonly artefacts: string;
  /** Keep them for what passes, too. */
  readonly keepAll: boolean;
  readonly signal: AbortSignal;
}

/** So many console lines go with a failure. */
const tail = 20;
const disposeMs = 120_000;

/**
 * Plays a scenario once, from its first step or from where another one has come to, and tells the report. Ends in a verdict
 * whatever the machine does; every process and file of the machine is gone then. Throws only what is a defect of ours.
 */
export async function playAttempt(
  plan: PlannedRun,
  attempt: number,
  options: AttemptOptions,
): Promise<Verdict> {
  const { emit: send, now, engine } = options;
  const { run, scenario, description, file, variant, steps } = plan;
  const titles = steps.map(({ title }) => title);
  send({
    ...{ type: 'scenario-begin', at: now(), run, scenario, description, file, engine, variant },
    ...{ attempt, steps: titles },
  });
  const verdict = await play(plan, attempt, options);
  send({ type: 'scenario-end', at: now(), run, attempt, verdict });
  return verdict;
}

async function play(plan: PlannedRun, attempt: number, options: AttemptOptions): Promise<Verdict> {
  const { shelf, signal: stopped, now } = options;
  const emit = (event: PlayEvent): void =>
    options.emit({ ...event, at: now(), run: plan.run } as RunEvent);
  const end = (step: number, verdict: Verdict, more: { found?: string; failure?: Failure } = {}) =>
    emit({ type: 'step-end', step, verdict, ...more });
  if (plan.engines && !plan.engines.includes(options.engine)) {
    end(0, 'not-applicable', { found: `for ${plan.engines.join(', ')} only` });
    return 'not-applicable';
  }
  const folder = artefactFolder(options.artefacts, plan.run, attempt, emit);
  const over = new AbortController();
  const signal = AbortSignal.any([stopped, over.signal]);
  const minutes = plan.timeoutMs / 60_000;
  const timer = setTimeout(
    () => over.abort(timedOut(`the scenario to be over in ${minutes} min`)),
    plan.timeoutMs,
  );
  let machine: TestMachine | undefined;
  let watch: MachineWatch | undefined;
  let verdict: Verdict = 'passed';
  let at = 0;
  try {
    const made = await options.makeMachine(plan.machine, signal);
    machine = made;
    for (const [index, step] of plan.steps.entries()) {
      const lack = step.looks ? undefined : lackOf(made, step);
      if (lack === undefined) continue;
      end(index, 'not-applicable', { found: lack });
      return 'not-applicable';
    }
    const start = shelf.take(plan);
    // What it cannot make is nothing to wait for.
    if (!machine.abilities.has('snapshot')) await shelf.release(plan, { done: false });
    if (start) await machine.restore(start.snapshot);
    watch = watchMachine(machine, emit, start?.watch);
    const desk = start ? structuredClone(start.desk) : newDesk();
    if (start) {
      for (; at <= start.step; at++) end(at, 'passed', { found: `as in ${start.by}` });
      for (const { number: boot, booted, build, outcome = 'healthy' } of start.watch.boots) {
        emit({ type: 'boot', boot, booted, outcome, build, stages: [], shared: true });
      }
    }
    const bench = { machine, watch, desk, emit, plan, options, folder };
    for (; at < plan.steps.length && verdict !== 'failed'; at++) {
      const step = plan.steps[at];
      if (!step) break;
      emit({ type: 'step-begin', step: at });
      const lack = lackOf(machine, step);
      if (lack !== undefined) {
        end(at, 'not-applicable', { found: lack });
        verdict = 'not-applicable';
        continue;
      }
      try {
        const found = await runStep(step, bench, signal);
        if (step.shares) await share(at, bench);
        end(at, 'passed', found === undefined ? {} : { found });
      } catch (error) {
        if (stopped.aborted) throw error;
        if (isNotApplicable(error)) {
          end(at, 'not-applicable', { found: (error as Error).message });
          verdict = 'not-applicable';
          if (!step.looks) break;
        } else {
          end(at, 'failed', { failure: failureOf(error, step, watch) });
          verdict = 'failed';
        }
      }
    }
    return verdict;
  } catch (error) {
    if (stopped.aborted) return 'skipped';
    // Making the machine, or beginning from a snapshot.
    end(at, 'failed', { failure: failureOf(error, plan.steps[at], watch) });
    verdict = 'failed';
    return verdict;
  } finally {
    clearTimeout(timer);
    try {
      if (machine && watch && !stopped.aborted && (verdict === 'failed' || options.keepAll)) {
        await keepTraces(machine, watch, folder, emit);
      }
    } finally {
      if (machine) await within(machine.dispose(), disposeMs, 'the machine to be cleaned up');
    }
  }
}

interface Bench {
  readonly machine: TestMachine;
  readonly watch: MachineWatch;
  readonly desk: Desk;
  readonly emit: (event: PlayEvent) => void;
  readonly plan: PlannedRun;
  readonly options: AttemptOptions;
  readonly folder: ArtefactFolder;
}

async function runStep(
  step: PlannedStep,
  { machine, watch, desk, emit, plan, options, folder }: Bench,
  signal: AbortSignal,
): Promise<string | undefined> {
  const over = new AbortController();
  const seconds = step.timeoutMs / 1000;
  const timer = setTimeout(
    () => over.abort(timedOut(`the step to be over in ${seconds} s`)),
    // Its own waits end first, and say more.
    step.timeoutMs + Math.min(5000, step.timeoutMs / 2),
  );
  const both = AbortSignal.any([signal, over.signal]);
  const play: Play = {
    ...{ machine, watch, desk, emit, builds: plan.builds, workshop: options.workshop },
    ...{ signal: both, timeoutMs: step.timeoutMs, keep: folder.keep },
    async markDisk(label) {
      if (!machine.abilities.has('disk')) return;
      emit({ type: 'disk', label, disk: await machine.withDisk(diskMark) });
    },
  };
  try {
    return await orAborted(step.run(play), both);
  } finally {
    clearTimeout(timer);
  }
}

/** Hands the machine as it is now to the runs that begin in the same way. */
async function share(step: number, { machine, watch, desk, plan, options }: Bench): Promise<void> {
  const { shelf } = options;
  if (!machine.abilities.has('snapshot') || !shelf.isWanted(plan, step)) return;
  const snapshot = await machine.snapshot();
  const state = { watch: watch.state(), desk: structuredClone(desk) };
  await shelf.put(plan, { step, snapshot, by: plan.run, ...state });
}

function newDesk(): Desk {
  return { bundles: {}, from: 0, boot: 0, cutsExpected: false };
}

function isNotApplicable(error: unknown): boolean {
  return isNotAble(error) || (error instanceof TwinbankError && error.code === notApplicableCode);
}

function failureOf(
  error: unknown,
  step: PlannedStep | undefined,
  watch: MachineWatch | undefined,
): Failure {
  const code = error instanceof TwinbankError ? error.code : 'internal';
  const lines = watch?.lines
    .slice(-tail)
    .map(({ seconds, text }) => `${seconds.toFixed(1).padStart(6)} ${text}`);
  return {
    code,
    message: error instanceof Error ? error.message : String(error),
    ...(step && { place: step.place }),
    ...(lines && lines.length > 0 && { lines }),
  };
}

function timedOut(expected: string): TwinbankError {
  return new TwinbankError(
    'boot',
    'scenario.timeout',
    `expected ${expected}, found it still going on`,
  );
}

/** What was begun goes on until its machine is gone; nobody waits for it any more. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function within<T>(work: Promise<T>, milliseconds: number, what: string): Promise<T> {
  const signal = AbortSignal.timeout(milliseconds);
  return orAborted(work, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    throw new TwinbankError(
      'internal',
      'harness.dispose',
      `expected ${what} in ${milliseconds / 1000} s`,
    );
  });
}
