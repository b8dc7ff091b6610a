import type { BankManifest, ManifestModule } from '../../bootloader/bank-manifest.ts';
import { pathProblems } from './path-problems.ts';
import { expectedRelation, type Provided, parseRelation, satisfies } from './relation.ts';

/** Why manifests cannot be in one bank, as one sentence that names both sides and the way out. */
export interface CombineProblem {
  readonly code: string;
  readonly message: string;
  /** Origins that it is about. */
  readonly origins: readonly string[];
}

interface Owned {
  readonly origin: string;
  readonly module: ManifestModule;
}

/**
 * Everything that speaks against having these manifests in one bank: an origin, module or file twice, a
 * path that two layers bring, requirements that nothing fulfils, conflicts. Empty when they fit together.
 */
export function combineProblems(manifests: readonly BankManifest[]): CombineProblem[] {
  const owned = manifests.flatMap(({ origin, modules }) =>
    modules.map((module) => ({ origin, module })),
  );
  return [
    ...originProblems(manifests),
    ...productProblems(manifests),
    ...twice(owned, 'module', ({ module }) => module.name),
    ...twice(owned, 'file', ({ module }) => module.file.toLowerCase()),
    ...relationProblems(manifests, owned),
    ...pathProblems(owned),
  ];
}

/** Under which names and versions a bank's modules are known to requirements. */
export function providedBy(manifests: readonly BankManifest[]): (Provided & Owned)[] {
  return manifests.flatMap((manifest) =>
    manifest.modules.flatMap((module, index) => {
      const owner = { origin: manifest.origin, module };
      const own = { name: module.name, version: module.version, ...owner };
      const product = { name: manifest.product, version: manifest.version, ...owner };
      const more = module.provides.flatMap((text) => {
        const parsed = parseRelation(text);
        return parsed ? [{ name: parsed.name, version: parsed.version, ...owner }] : [];
      });
      return [own, ...(manifest.base && index === 0 ? [product] : []), ...more];
    }),
  );
}

function originProblems(manifests: readonly BankManifest[]): CombineProblem[] {
  const repeated = manifests.filter(({ origin }, index) =>
    manifests.slice(0, index).some((one) => one.origin === origin),
  );
  return repeated.map(({ origin, version }) => {
    const first = manifests.find((one) => one.origin === origin);
    const message = `${origin}: expected one manifest of this origin, found ${first?.version} and ${version}; leave out one of them`;
    return { code: 'twice', message, origins: [origin] };
  });
}

function productProblems(manifests: readonly BankManifest[]): CombineProblem[] {
  const product = manifests.find(({ base }) => base)?.product;
  return manifests
    .filter((one) => product !== undefined && one.product !== product)
    .map(({ origin, product: other }) => ({
      code: 'product',
      message: `${origin}: expected it to be for ${product}, as the base is, found it to be for ${other}; take one for ${product}, or leave ${origin} out`,
      origins: [origin],
    }));
}

function twice(owned: readonly Owned[], what: string, key: (one: Owned) => string) {
  const problems: CombineProblem[] = [];
  const seen = new Map<string, Owned>();
  for (const one of owned) {
    const before = seen.get(key(one));
    if (before) {
      const both =
        before.origin === one.origin
          ? `two modules of ${one.origin}`
          : `${before.origin} and ${one.origin}`;
      const message = `${what} ${key(one)}: expected one of this name, found ${both} to bring it; rename one of them`;
      problems.push({ code: 'twice', message, origins: [before.origin, one.origin] });
    } else seen.set(key(one), one);
  }
  return problems;
}

function relationProblems(
  manifests: readonly BankManifest[],
  owned: readonly Owned[],
): CombineProblem[] {
  const provided = providedBy(manifests);
  const problems: CombineProblem[] = [];
  for (const { origin, module } of owned) {
    const report = (code: string, message: string, other?: string) => {
      const origins = other === undefined || other === origin ? [origin] : [origin, other];
      problems.push({ code, message: `${module.name} of ${origin} ${message}`, origins });
    };
    for (const list of [module.provides, module.requires, module.conflicts, module.replaces]) {
      for (const text of list) {
        if (!parseRelation(text)) {
          report('relation', `says ${JSON.stringify(text)}: expected ${expectedRelation}`);
        }
      }
    }
    for (const text of module.provides) {
      const operator = parseRelation(text)?.operator ?? '';
      if (operator === '' || operator === '=') continue;
      report(
        'relation',
        `provides ${text}: expected NAME or NAME = VERSION, which is what there is`,
      );
    }
    for (const text of module.requires) {
      const relation = parseRelation(text);
      if (!relation || provided.some((one) => satisfies(relation, one))) continue;
      const near = provided.filter(({ name }) => name === relation.name);
      const found = near.map(({ name, version }) => `${name} ${version}`).join(', ') || 'none';
      report(
        'requires',
        `requires ${text}, found ${found}; bring one that fits, or leave ${module.name} out`,
      );
    }
    for (const text of module.conflicts) {
      const relation = parseRelation(text);
      const hit = provided.find(
        (one) => relation && one.module !== module && satisfies(relation, one),
      );
      if (!hit) continue;
      const found = [hit.name, hit.version].filter(Boolean).join(' ');
      const what = `conflicts with ${text}, found ${found} of ${hit.origin}`;
      report('conflicts', `${what}; leave out one of them`, hit.origin);
    }
  }
  return problems;
}
