import type { TestMachine } from '../machine/test-machine.ts';
import type { PlannedStep } from './step.ts';

/** What a machine has not, of what a step needs; undefined where it has all of it. */
export function missingAbilities(
  { kind, abilities }: Pick<TestMachine, 'kind' | 'abilities'>,
  { needs }: PlannedStep,
): string | undefined {
  const missing = needs.filter((one) => !abilities.has(one));
  return missing.length > 0 ? `${kind} has not: ${missing.join(', ')}` : undefined;
}
