import { basename, resolve } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { type Diagnostic, diagnose, recipeError } from '../../recipe/diagnostic.ts';
import { nearestWord } from '../../recipe/nearest-word.ts';
import { fileSource, readRecipeFile } from '../../recipe/recipe-file.ts';
import { emptyMap, entryAt, type MapTree, type Tree } from '../../recipe/tree.ts';
import { validateAgainst } from '../../recipe/validate.ts';
import type { MachineKind } from '../faults/engine.ts';
import { nearestFault } from '../faults/fault-text.ts';
import { parseScenarioFault } from '../faults/parse-fault.ts';
import { type MachineRequest, machineRequest } from '../qemu/hardware.ts';
import type { Firmware } from '../qemu/machine-options.ts';
import type { Variant } from '../report/run-event.ts';
import type { BuildOrder } from './builds.ts';
import { type Complain, type RawStep, unrollSteps } from './expand.ts';
import { expandMatrix, runName } from './matrix.ts';
import { oemsOf, planBuilds, problemAt } from './plan-builds.ts';
import { readStep } from './read-step.ts';
import { axisNames, type ScenarioFile, scenarioSchema } from './scenario-schema.ts';
import type { PlannedState, PlannedStep } from './step.ts';
import { allFired } from './steps/inject.ts';

/** A scenario with one variant of its matrix: all that the runner needs. */
export interface PlannedRun {
  /** Unique among the runs of different scenarios. */
  readonly run: string;
  readonly scenario: string;
  readonly description: string;
  /** As it was given. */
  readonly file: string;
  readonly engines: readonly MachineKind[] | undefined;
  /** What the matrix and `machine:` say of the machine. */
  readonly variant: Variant;
  readonly machine: MachineRequest;
  readonly builds: ReadonlyMap<string, BuildOrder>;
  readonly steps: readonly PlannedStep[];
  readonly timeoutMs: number;
}

export interface ReadOptions {
  readonly cwd: string;
  /** Absolute path of the recipe that is built where a scenario names none. */
  readonly recipe: string;
  /** Instead of those that the scenario says. */
  readonly firmware?: Firmware | undefined;
}

const scenarioMs = 60 * 60_000;

/** Reads a scenario: its runs, or all that is wrong with it, each problem once. */
export function readScenario(
  path: string,
  options: ReadOptions,
): { runs: PlannedRun[]; problems: Diagnostic[] } {
  const source = fileSource(resolve(options.cwd, path), options.cwd);
  const read = readRecipeFile(resolve(options.cwd, path), source, null, 'scenario');
  const tree = read.file?.tree;
  if (!tree || read.problems.length > 0) return { runs: [], problems: read.problems };
  const listed = withLists(tree);
  const checked = validateAgainst(scenarioSchema, listed);
  if (!checked.value) return { runs: [], problems: [...checked.problems, ...stepProblems(tree)] };
  const problems = new Map<string, Diagnostic>();
  const add = (problem: Diagnostic): void => {
    problems.set(
      JSON.stringify([problem.line, problem.column, problem.path, problem.message]),
      problem,
    );
  };
  const file = checked.value;
  const variants = expandMatrix(file.matrix ?? {}).map(
    (variant): Variant =>
      options.firmware && variant.firmware ? { ...variant, firmware: options.firmware } : variant,
  );
  for (const [index, fault] of (file.matrix?.fault ?? []).entries()) {
    const read = parseScenarioFault(fault);
    if (!('expected' in read)) continue;
    const at = ['matrix', 'fault', index];
    add(problemAt(listed, at, read.expected, read.found, nearestFault(fault, read.candidates)));
  }
  if (variants.length === 0)
    add(problemAt(tree, ['matrix'], 'a combination that is not excluded', 'none'));
  const unique = [...new Map(variants.map((one) => [JSON.stringify(one), one])).values()];
  const runs = unique.map((variant) => planRun(file, tree, variant, path, options, add));
  return { runs: problems.size > 0 ? [] : runs, problems: [...problems.values()] };
}

function planRun(
  file: ScenarioFile,
  tree: MapTree,
  variant: Variant,
  path: string,
  options: ReadOptions,
  add: (problem: Diagnostic) => void,
): PlannedRun {
  const scenario = file.name ?? basename(path).replace(/\.ya?ml$/i, '');
  const builds = planBuilds(file, tree, variant, options, add);
  const firmware = options.firmware ?? variant.firmware ?? file.machine?.firmware;
  const disk = variant.disk ?? file.machine?.disk;
  const values = definedAxes({ ...variant, firmware, disk });
  const { steps, problems } = planSteps(tree, values, [...builds.keys()]);
  for (const problem of problems) add(problem);
  return {
    run: runName(scenario, shownVariant(variant)),
    scenario,
    description: file.description,
    file: path,
    engines: file.engines,
    variant: definedAxes({ ...shownVariant(variant), firmware, disk }),
    machine: machineRequest({ ...file.machine, firmware, disk }),
    builds,
    steps,
    timeoutMs: file.timeout ?? scenarioMs,
  };
}

/** In the order of the axes, without those of which nothing is said. */
function definedAxes(said: { readonly [Name in keyof Variant]: Variant[Name] | undefined }) {
  return Object.fromEntries(
    axisNames.flatMap((name) => (said[name] === undefined ? [] : [[name, said[name]]])),
  ) as Variant & Record<string, string>;
}

/** With an OEM's name for its path. */
function shownVariant(variant: Variant): Variant {
  if (variant.oem === undefined) return variant;
  const names = oemsOf(variant.oem).map((oem) => basename(oem).replace(/\.oem$/, ''));
  return { ...variant, oem: names.join('+') };
}

function planSteps(tree: MapTree, values: Record<string, string>, builds: readonly string[]) {
  const problems: Diagnostic[] = [];
  const complain: Complain = (at, path, expected, found, candidates = []) => {
    const typed = found.replaceAll(/["${}]/g, '');
    problems.push(diagnose(at.place, path, expected, found, nearestWord(typed, candidates)));
  };
  const list = entryAt(tree, ['steps'])?.value ?? emptyMap(tree.place);
  const raw: RawStep[] = unrollSteps(list, ['steps'], values, complain);
  const planned: PlannedState = {
    builds,
    built: new Set(),
    bundled: new Set(),
    flashed: false,
    on: false,
    updating: false,
  };
  const steps = raw.flatMap((one): PlannedStep[] => {
    if (one.broken) return [];
    const read = readStep(one, planned);
    problems.push(...read.problems);
    return read.step ? [read.step] : [];
  });
  const injected = steps.findLast(({ kind }) => kind === 'inject');
  return { steps: injected ? [...steps, allFired.plan({}, injected.place)] : steps, problems };
}

/** What is wrong with the steps of a file whose other keys are wrong, too. */
function stepProblems(tree: MapTree): Diagnostic[] {
  if (entryAt(tree, ['steps'])?.value.kind !== 'list') return [];
  const builds = entryAt(tree, ['builds'])?.value;
  const names = builds?.kind === 'map' ? [...builds.entries.keys()] : ['default'];
  const any = Object.fromEntries(axisNames.map((name) => [name, 'kernel-panic']));
  return planSteps(tree, any, names).problems;
}

/** Axes and engines may be one value. */
function withLists(tree: MapTree): MapTree {
  const listed = (at: MapTree, keys: readonly string[]): MapTree => ({
    ...at,
    entries: new Map(
      [...at.entries].map(([key, entry]) => {
        const { value } = entry;
        if (!keys.includes(key) || value.kind === 'list') return [key, entry];
        const list: Tree = { kind: 'list', place: value.place, items: [value] };
        return [key, { ...entry, value: list }];
      }),
    ),
  });
  const top = listed(tree, ['engines']);
  const matrix = top.entries.get('matrix');
  if (matrix?.value.kind !== 'map') return top;
  const entries = new Map(top.entries);
  entries.set('matrix', { ...matrix, value: listed(matrix.value, axisNames) });
  return { ...top, entries };
}

/** The error that carries all problems of scenarios. */
export function scenarioError(problems: readonly Diagnostic[]): TwinbankError {
  const { message, data } = recipeError(problems);
  return new TwinbankError('recipe', 'scenario.invalid', message, { data });
}
