import { TwinbankError } from '../../diagnostics/error.ts';
import { withRemedy } from '../../host/own-folders.ts';
import { isNotAble } from '../machine/test-machine.ts';
import type { Failure } from '../report/run-event.ts';
import type { MachineWatch } from '../scenario/machine-watch.ts';
import type { PlannedStep } from '../scenario/step.ts';
import { notApplicableCode } from '../scenario/step-context.ts';

/** So many console lines go with a failure. */
const failureLines = 20;

/** Whether a step did nothing because its machine cannot do it. */
export function isNotApplicable(error: unknown): boolean {
  return isNotAble(error) || (error instanceof TwinbankError && error.code === notApplicableCode);
}

/** A failure for the report: the step's place, what was expected and found, and the console's last lines. */
export function failureOf(
  error: unknown,
  step: PlannedStep | undefined,
  watch: MachineWatch | undefined,
): Failure {
  const code = error instanceof TwinbankError ? error.code : 'internal';
  const shown = error instanceof TwinbankError ? withRemedy(error, process.env) : error;
  const lines = watch?.lines
    .slice(-failureLines)
    .map(({ seconds, text }) => `${seconds.toFixed(1).padStart(6)} ${text}`);
  return {
    code,
    message: shown instanceof Error ? shown.message : String(shown),
    ...(step && { place: step.place }),
    ...(lines && lines.length > 0 && { lines }),
  };
}
