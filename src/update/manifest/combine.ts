import type { BankManifest, ManifestModule } from '../../bootloader/bank-manifest.ts';
import { claimWords } from './claims.ts';
import { pathProblems } from './path-problems.ts';
import { expectedRelation, type Provided, parseRelation, satisfies } from './relation.ts';

/** What of a manifest a problem is about, so that whoever knows where that was written can say so. */
export interface Subject {
  readonly manifest: BankManifest;
  readonly at:
    | { readonly key: 'name' }
    | { readonly key: 'provides' | 'requires' | 'conflicts' | 'replaces'; readonly text: string }
    | { readonly claim: string }
    | { readonly file: string };
}

/** Why manifests cannot be in one bank, as one sentence that names both sides and the way out. */
export interface CombineProblem {
  readonly code: string;
  readonly message: string;
  /** Origins that it is about. */
  readonly origins: readonly string[];
  /** What it is about, the side that has to change first. */
  readonly about?: readonly Subject[];
  /** Where two sides do one thing: what both do, and the way out. */
  readonly both?: { readonly does: string; readonly way: string };
}

export interface Owned {
  readonly manifest: BankManifest;
  readonly origin: string;
  readonly module: ManifestModule;
}

/**
 * Everything that speaks against having these manifests in one bank: an origin, module or file twice, a
 * path that two layers bring, requirements that nothing fulfils, conflicts. Empty when they fit together.
 */
export function combineProblems(manifests: readonly BankManifest[]): CombineProblem[] {
  // All of a second one of an origin is there twice, and said once.
  const once = manifests.filter(
    ({ origin }, index) => manifests.findIndex((one) => one.origin === origin) === index,
  );
  const owned = once.flatMap((manifest) =>
    manifest.modules.map((module) => ({ manifest, origin: manifest.origin, module })),
  );
  const names = twice(owned, 'module', ({ module }) => module.name);
  const files = twice(owned, 'file', ({ module }) => module.file.toLowerCase());
  const isNamed = ({ origins: [first, second] }: CombineProblem) =>
    names.some(({ origins }) => origins[0] === first && origins[1] === second);
  return [
    ...originProblems(manifests),
    ...productProblems(manifests),
    ...names,
    ...files.filter((problem) => !isNamed(problem)),
    ...relationProblems(once, owned),
    ...pathProblems(owned),
  ];
}

/** Under which names and versions a bank's modules are known to requirements. */
export function providedBy(manifests: readonly BankManifest[]): (Provided & Owned)[] {
  return manifests.flatMap((manifest) =>
    manifest.modules.flatMap((module, index) => {
      const owner = { manifest, origin: manifest.origin, module };
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
  return repeated.map((second) => {
    const { origin, version } = second;
    const first = manifests.find((one) => one.origin === origin);
    const about = [first ?? second, second].map(nameOf);
    const does = `are ${origin} (${first?.version} and ${version})`;
    const message = `${origin}: expected one manifest of this origin, found ${first?.version} and ${version}; leave out one of them`;
    const both = { does, way: 'leave out one of them' };
    return { code: 'twice', message, origins: [origin], about, both };
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
      problems.push({
        code: 'twice',
        message,
        origins: [before.origin, one.origin],
        about: [before, one].map(({ manifest }) => nameOf(manifest)),
        both: { does: `have the ${what} ${key(one)}`, way: 'rename one of them' },
      });
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
  const claimed = new Set<string>();
  for (const { manifest, origin, module } of owned) {
    const report = (code: string, message: string, at: Subject['at'], other?: Owned) => {
      const isOther = other !== undefined && other.origin !== origin;
      const origins = isOther ? [origin, other.origin] : [origin];
      const about = [{ manifest, at }, ...(isOther ? [nameOf(other.manifest)] : [])];
      problems.push({ code, message: `${module.name} of ${origin} ${message}`, origins, about });
    };
    for (const key of ['provides', 'requires', 'conflicts', 'replaces'] as const) {
      for (const text of module[key]) {
        if (parseRelation(text)) continue;
        const message = `says ${JSON.stringify(text)}: expected ${expectedRelation}`;
        report('relation', message, { key, text });
      }
    }
    for (const text of module.provides) {
      const operator = parseRelation(text)?.operator ?? '';
      if (operator === '' || operator === '=') continue;
      report(
        'relation',
        `provides ${text}: expected NAME or NAME = VERSION, which is what there is`,
        { key: 'provides', text },
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
        { key: 'requires', text },
      );
    }
    for (const text of module.conflicts) {
      const relation = parseRelation(text);
      const hit = provided.find(
        (one) => relation && one.module !== module && satisfies(relation, one),
      );
      if (!hit) continue;
      const does = claimWords(text);
      if (does !== undefined && hit.module.provides.includes(text)) {
        const pair = JSON.stringify([text, ...[origin, hit.origin].sort()]);
        if (!claimed.has(pair))
          problems.push(claimProblem(text, does, [{ manifest, origin }, hit]));
        claimed.add(pair);
        continue;
      }
      const found = [hit.name, hit.version].filter(Boolean).join(' ');
      const what = `conflicts with ${text}, found ${found} of ${hit.origin}`;
      report('conflicts', `${what}; leave out one of them`, { key: 'conflicts', text }, hit);
    }
  }
  return problems;
}

/** Two that set or have what only one can, the one that is lower in the bank first. */
function claimProblem(
  claim: string,
  does: string,
  sides: readonly Pick<Owned, 'manifest' | 'origin'>[],
): CombineProblem {
  const origins = sides.map(({ origin }) => origin);
  const way = 'leave it out of one of them';
  return {
    code: 'conflicts',
    message: `${origins.join(' and ')} both ${does}; ${way}`,
    origins,
    about: sides.map(({ manifest }) => ({ manifest, at: { claim } })),
    both: { does, way },
  };
}

function nameOf(manifest: BankManifest): Subject {
  return { manifest, at: { key: 'name' } };
}
