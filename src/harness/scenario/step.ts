import * as z from 'zod';
import { duration, map } from '../../recipe/field.ts';
import type { Ability } from '../machine/test-machine.ts';
import type { Place } from '../report/run-event.ts';
import type { StepContext } from './step-context.ts';

/** What is known of a scenario before it runs, step by step. */
export interface PlannedState {
  /** Names of the scenario's builds, in their order. */
  readonly builds: readonly string[];
  /** Those whose image was built, and those whose bundle was made, so far. */
  readonly built: Set<string>;
  readonly bundled: Set<string>;
  flashed: boolean;
  on: boolean;
  /** An update goes on in the background. */
  updating: boolean;
}

/** A problem of a step that only the steps before it show; `candidates` are those that may have been meant. */
export type ReportProblem = (
  key: string | undefined,
  expected: string,
  found: string,
  candidates?: readonly string[],
) => void;

/** What a step's file defines; `Shape` are its keys in the scenario. */
export interface StepDefinition<Shape extends z.core.$ZodLooseShape> {
  readonly name: string;
  /** One sentence for the reference and the editor. */
  readonly summary: string;
  /** The key that a plain value stands for: `flash: old` is `flash: { image: old }`. */
  readonly shorthand?: string;
  /** Keys that take one value or a list. */
  readonly lists?: readonly string[];
  readonly shape: Shape;
  /** How long it may take without a `timeout` of its own, in milliseconds. */
  readonly timeoutMs: number;
  /** In the candidates of the report. */
  title(spec: z.output<z.ZodObject<Shape>>): string;
  needs?(spec: z.output<z.ZodObject<Shape>>): readonly Ability[];
  /** It only looks: where a machine cannot do it, the others go on. */
  readonly looks?: boolean;
  /** After it the machine is a good place to begin other scenarios from. */
  shares?(spec: z.output<z.ZodObject<Shape>>): boolean;
  /** Holds it against the steps before it, and says what it leaves. */
  check?(
    spec: z.output<z.ZodObject<Shape>>,
    planned: PlannedState,
    reportProblem: ReportProblem,
  ): void;
  /** Returns what it found, in a few words. Throws TwinbankError. */
  run(spec: z.output<z.ZodObject<Shape>>, context: StepContext): Promise<string | undefined>;
}

/** A step kind, its own keys its own business. */
export interface StepRow {
  readonly name: string;
  readonly summary: string;
  readonly shorthand: string | undefined;
  readonly lists: readonly string[];
  readonly schema: z.ZodObject;
  plan(spec: unknown, place: Place): PlannedStep;
}

/** One step, read and right in itself. */
export interface PlannedStep {
  readonly kind: string;
  readonly title: string;
  readonly place: Place;
  /** Everything that it does differently from others of its kind, as data. */
  readonly identity: unknown;
  readonly timeoutMs: number;
  readonly needs: readonly Ability[];
  readonly looks: boolean;
  readonly shares: boolean;
  check(planned: PlannedState, reportProblem: ReportProblem): void;
  run(context: StepContext): Promise<string | undefined>;
}

const timeout = {
  timeout: duration().optional().describe('How long the step may take, such as 90s'),
};

export function defineStep<Shape extends z.core.$ZodLooseShape>(
  step: StepDefinition<Shape>,
): StepRow {
  const schema = map({ ...step.shape, ...timeout });
  return {
    name: step.name,
    summary: step.summary,
    shorthand: step.shorthand,
    lists: step.lists ?? [],
    schema,
    plan(value, place) {
      // What this step's own schema has made of it.
      const spec = value as z.output<z.ZodObject<Shape>> & { timeout?: number };
      return {
        kind: step.name,
        title: step.title(spec),
        place,
        identity: z.encode(schema, value as z.output<typeof schema>),
        timeoutMs: spec.timeout ?? step.timeoutMs,
        needs: step.needs?.(spec) ?? [],
        looks: step.looks ?? false,
        shares: step.shares?.(spec) ?? false,
        check: (planned, reportProblem) => step.check?.(spec, planned, reportProblem),
        run: (context) => step.run(spec, context),
      };
    },
  };
}
