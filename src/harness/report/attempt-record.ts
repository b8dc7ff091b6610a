import { loaderMoments } from './loader-moments.ts';
import type {
  AttemptRecord,
  BootRecord,
  ConsoleEntry,
  DiskRecord,
  KeptFile,
  Mark,
  Moment,
  StepRecord,
} from './record.ts';
import type { RunEvent, Verdict } from './run-event.ts';

type Begin = RunEvent & { type: 'scenario-begin' };
export type AttemptEvent = Exclude<RunEvent, { type: 'run-begin' | 'scenario-begin' | 'run-end' }>;

export interface AttemptCollector {
  add(event: AttemptEvent): void;
  /** `now` is the time of the run's last event: where an attempt without an end is taken to end. */
  record(now: number): AttemptRecord;
}

const said = { cut: 'power cut', reset: 'reset', off: 'power off' } as const;

type Draft<T> = { -readonly [K in keyof T]: T[K] };
/** `heard` is the run's clock at what was last heard of the boot, `seconds` the boot's own. */
type BootDraft = Draft<Omit<BootRecord, 'marks'>> & {
  marks: Mark[];
  heard: number;
  started: boolean;
};

/** Events without a time of their own get that of the last console line, and what the run's clock went on since. */
function advance(draft: BootDraft, at: number): void {
  draft.seconds += Math.max(0, at - draft.heard);
  draft.heard = Math.max(draft.heard, at);
}

interface Step {
  readonly title: string;
  begun?: number;
  ended?: RunEvent & { type: 'step-end' };
}

/** Takes the events of one attempt at a scenario. */
export function collectAttempt(begin: Begin, folder: string): AttemptCollector {
  const steps: Step[] = begin.steps.map((title) => ({ title }));
  const boots = new Map<number, BootDraft>();
  const entries: ConsoleEntry[] = [];
  const disks: DiskRecord[] = [];
  const moments: Moment[] = [];
  const follow = loaderMoments();
  const screenshots: KeptFile[] = [];
  const artefacts: KeptFile[] = [];
  let current = 0;
  let end: { at: number; verdict: Verdict } | undefined;

  const bootOf = (boot: number, at: number): BootDraft => {
    const known = boots.get(boot);
    if (known) return known;
    const draft: BootDraft = {
      boot,
      stages: [],
      shared: false,
      seconds: 0,
      marks: [],
      heard: at,
      started: false,
    };
    boots.set(boot, draft);
    current = Math.max(current, boot);
    entries.push({ kind: 'on', boot });
    return draft;
  };
  const mark = (kind: Mark['kind'], boot: number, at: number, text: string): void => {
    const draft = bootOf(boot, at);
    advance(draft, at);
    const one: Mark = { kind, seconds: draft.seconds, started: draft.started, text };
    draft.marks.push(one);
    entries.push({ ...one, boot });
  };

  const power = ({ what, at, boot }: AttemptEvent & { type: 'power' }): void => {
    const begins = what === 'on' || what === 'reset';
    // A reset ends the boot before the one that it begins.
    const ended = what === 'reset' && boot ? boot - 1 : (boot ?? current);
    // What is cut when no step is under way is cut to look at what is left, and tells nothing.
    const isOver = what === 'cut' && steps.every((step) => step.begun === undefined || step.ended);
    const kind = isOver ? 'off' : what;
    if (kind !== 'on') mark(kind, Math.max(1, ended), at, said[kind]);
    if (begins && boot !== undefined) bootOf(boot, at);
  };

  const add = (event: AttemptEvent): void => {
    switch (event.type) {
      case 'step-begin':
        stepOf(steps, event.step).begun = event.at;
        return;
      case 'step-end':
        stepOf(steps, event.step).ended = event;
        return;
      case 'console': {
        const draft = bootOf(event.boot, event.at);
        draft.seconds = Math.max(draft.seconds, event.seconds);
        draft.heard = event.at;
        draft.started = true;
        const moment = follow(event.text, event.boot);
        if (moment) moments.push(moment);
        entries.push({
          kind: 'line',
          boot: event.boot,
          seconds: event.seconds,
          text: event.text,
        });
        return;
      }
      case 'power':
        power(event);
        return;
      case 'boot': {
        const { booted, outcome, build, stages, shared = false } = event;
        const draft = bootOf(event.boot, event.at);
        // Whoever waits for a machine that is silent waits until now.
        if (outcome !== 'healthy') advance(draft, event.at);
        const seconds = Math.max(draft.seconds, stages.at(-1)?.end ?? 0);
        Object.assign(draft, { booted, outcome, build, stages, shared, seconds });
        return;
      }
      case 'fault':
        mark('fault', Math.max(event.boot, 1), event.at, event.text);
        return;
      case 'disk':
        disks.push({ label: event.label, boot: current, disk: event.disk });
        moments.push({
          label: event.label,
          boot: current,
          banks: event.disk.banks,
          next: event.disk.next,
        });
        return;
      case 'screenshot':
        screenshots.push({ label: event.label, path: event.path, folder, boot: current });
        return;
      case 'artefact':
        artefacts.push({ label: event.label, path: event.path, folder, boot: current });
        return;
      case 'scenario-end':
        end = event;
    }
  };

  return {
    add,
    record: (now) => ({
      attempt: begin.attempt,
      at: begin.at,
      seconds: Math.max(0, (end?.at ?? now) - begin.at),
      verdict: end?.verdict ?? 'failed',
      finished: end !== undefined,
      steps: steps.map((step) => stepRecord(step, now)),
      boots: [...boots.values()]
        .sort((a, b) => a.boot - b.boot)
        .map(({ heard: _, started: __, ...boot }) => boot),
      console: entries,
      disks,
      moments,
      screenshots,
      artefacts,
    }),
  };
}

/** A step that was not announced gets a title of its own, so that nothing it says is lost. */
function stepOf(steps: Step[], index: number): Step {
  for (let next = steps.length; next <= index && next < 10_000; next += 1) {
    steps.push({ title: `step ${next + 1}` });
  }
  return steps[index] ?? { title: '' };
}

function stepRecord({ title, begun, ended }: Step, now: number): StepRecord {
  const since = begun ?? ended?.at;
  if (since === undefined) return { title, verdict: 'skipped', seconds: 0 };
  if (!ended) {
    const failure = {
      code: 'report.unfinished',
      message: 'the events end before this step does',
    };
    return { title, verdict: 'failed', seconds: Math.max(0, now - since), failure };
  }
  return {
    title,
    verdict: ended.verdict,
    seconds: Math.max(0, ended.at - since),
    ...(ended.found !== undefined && { found: ended.found }),
    ...(ended.failure && { failure: ended.failure }),
  };
}
