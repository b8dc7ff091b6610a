import type { Environment } from '../../command.ts';

/**
 * What is set of a recipe, with SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch) as if it were set in front of
 * all others: so the provenance has it, and what was set by hand counts more.
 */
export function withSourceDate(
  set: readonly string[],
  { SOURCE_DATE_EPOCH: date }: Environment,
): readonly string[] {
  return date === undefined || date === '' ? set : [`sourceDate=${date}`, ...set];
}
