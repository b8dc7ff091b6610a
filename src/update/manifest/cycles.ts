import type { BankManifest } from '../../bootloader/bank-manifest.ts';
import { type CombineProblem, providedBy, type Subject } from './combine.ts';
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
      problems.push(cycle([...above.slice(from), origin], manifests, needs));
    } else if (!done.has(origin)) {
      for (const need of needs.get(origin)?.keys() ?? []) visit(need, [...above, origin]);
      done.add(origin);
    }
  };
  for (const { origin } of manifests) visit(origin, []);
  return problems;
}

function cycle(
  path: readonly string[],
  manifests: readonly BankManifest[],
  needs: Needs,
): CombineProblem {
  const [first, second] = path;
  const message = `${first}: expected OEMs that do not require one another in a circle, found ${path.join(' -> ')}; take the requirement out of ${second}, or make one provider of them`;
  const origins = path.slice(0, -1);
  const about = origins.flatMap((origin, index): Subject[] => {
    const manifest = manifests.find((one) => one.origin === origin);
    const text = needs.get(origin)?.get(path[index + 1] ?? '');
    return manifest && text !== undefined ? [{ manifest, at: { key: 'requires', text } }] : [];
  });
  return { code: 'cycle', message, origins, about };
}

/** By origin: other OEMs that it cannot do without, each with what is required of it. */
type Needs = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Others are needed where they are the only ones that fulfil one of an OEM's requirements. */
function needsOf(manifests: readonly BankManifest[]): Needs {
  const provided = providedBy(manifests);
  return new Map(
    manifests.map(({ origin, modules }) => {
      const needed = new Map<string, string>();
      for (const text of modules.flatMap(({ requires }) => requires)) {
        const relation = parseRelation(text);
        const owners = provided.filter((one) => relation && satisfies(relation, one));
        const [owner, ...more] = new Set(owners.map((one) => one.origin));
        const isOnly = owner !== undefined && more.length === 0 && owner !== origin;
        if (isOnly && !needed.has(owner)) needed.set(owner, text);
      }
      return [origin, needed];
    }),
  );
}
