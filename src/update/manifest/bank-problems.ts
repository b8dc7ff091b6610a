import type { BankManifest } from '../../bootloader/bank-manifest.ts';
import { type CombineProblem, combineProblems } from './combine.ts';
import { cycleProblems } from './cycles.ts';

/**
 * Everything that speaks against making a bank of these manifests: what cannot be together, and OEMs that could
 * never be told apart again. A bank that is there already is held to {@link combineProblems} alone.
 */
export function bankProblems(manifests: readonly BankManifest[]): CombineProblem[] {
  return [...combineProblems(manifests), ...cycleProblems(manifests)];
}
