import type { BankManifest } from '../../bootloader/bank-manifest.ts';
import { type CombineProblem, providedBy } from './combine.ts';
import { parseRelation, satisfies } from './relation.ts';

/**
 * OEMs that require one another in a circle: none of them could be updated or taken out by itself. Each circle
 * once, beginning with the OEM that is first in the bank.
 */
export function cycleProblems(manifests: readonly BankManifest[]): CombineProblem[] {
  const needs = needsOf(manifests);
  const problems: CombineProblem[] = [];
  const done = new Set<string>();
  const visit = (origin: string, above: readonly string[]): void => {
    const from = above.indexOf(origin);
    if (from >= 0) {
      problems.push(cycle([...above.slice(from), origin]));
    } else if (!done.has(origin)) {
      for (const need of needs.get(origin) ?? []) visit(need, [...above, origin]);
      done.add(origin);
    }
  };
  for (const { origin } of manifests) visit(origin, []);
  return problems;
}

function cycle(path: readonly string[]): CombineProblem {
  const [first, second] = path;
  const message = `${first}: expected OEMs that do not require one another in a circle, found ${path.join(' -> ')}; take the requirement out of ${second}, or make one provider of them`;
  return { code: 'cycle', message, origins: path.slice(0, -1) };
}

/** Other OEMs that each one cannot do without: the only ones that fulfil one of its requirements. */
function needsOf(manifests: readonly BankManifest[]): Map<string, string[]> {
  const provided = providedBy(manifests);
  return new Map(
    manifests.map(({ origin, modules }) => {
      const needed = modules.flatMap(({ requires }) =>
        requires.flatMap((text) => {
          const relation = parseRelation(text);
          const owners = provided.filter((one) => relation && satisfies(relation, one));
          const origins = [...new Set(owners.map((one) => one.origin))];
          return origins.length === 1 && origins[0] !== origin ? origins : [];
        }),
      );
      return [origin, [...new Set(needed)]];
    }),
  );
}
