import type { BankManifest, ManifestModule } from '../bootloader/bank-manifest.ts';
import { expectedRelation, type Provided, parseRelation, satisfies } from './relation.ts';

/** Why manifests can not be in one bank, as one sentence that names both sides and the way out. */
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

function productProblems(manifests: readonly BankManifest[]): CombineProblem[] {
  const product = manifests.find(({ base }) => base)?.product;
  return manifests
    .filter((one) => product !== undefined && one.product !== product)
    .map(({ origin, product: other }) => ({
      code: 'product',
      message: `${origin}: expected something for ${product}, found it to be for ${other}`,
      origins: [origin],
    }));
}

function twice(owned: readonly Owned[], what: string, key: (one: Owned) => string) {
  const problems: CombineProblem[] = [];
  const seen = new Map<string, Owned>();
  for (const one of owned) {
    const before = seen.get(key(one));
    if (before) {
      const message = `${what} ${key(one)}: expected one origin to bring it, found ${before.origin} and ${one.origin}; rename one of them`;
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
    for (const text of module.requires) {
      const relation = parseRelation(text);
      if (!relation || provided.some((one) => satisfies(relation, one))) continue;
      const near = provided.filter(({ name }) => name === relation.name);
      const found = near.map(({ name, version }) => `${name} ${version}`).join(', ') || 'none';
      report('requires', `requires ${text}, found ${found}; bring one that fits, or leave it out`);
    }
    for (const text of module.conflicts) {
      const relation = parseRelation(text);
      const hit = provided.find(
        (one) => relation && one.module !== module && satisfies(relation, one),
      );
      if (!hit) continue;
      const what = `conflicts with ${text}, found ${hit.name} ${hit.version} of ${hit.origin}`;
      report('conflicts', `${what}; leave out one of them`, hit.origin);
    }
  }
  return problems;
}

/** So many shared paths are named; more of them have the same cause. */
const maxNamed = 5;

function pathProblems(owned: readonly Owned[]): CombineProblem[] {
  const owners = new Map<string, Owned>();
  const problems: CombineProblem[] = [];
  const layers = owned.filter(({ module }) => module.file !== 'boot.v00');
  const report = (path: string, one: Owned, other: Owned): void => {
    // The upper layer hides the lower one's; it may, where it says that it replaces it.
    if (replaces(other.module, one.module) || problems.length >= maxNamed) return;
    const message = `/${path}: expected one module to bring it, found ${one.module.name} of ${one.origin} and ${other.module.name} of ${other.origin}; leave it out of one, or let ${other.module.name} say replaces: [${one.module.name}]`;
    problems.push({ code: 'shared-path', message, origins: [one.origin, other.origin] });
  };
  for (const one of layers) {
    for (const path of one.module.files) {
      const owner = owners.get(path);
      if (owner) report(path, owner, one);
      else owners.set(path, one);
    }
  }
  // A file where another layer has a folder would hide all that is in it.
  for (const one of layers) {
    for (const path of one.module.files) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const owner = owners.get(path.slice(0, end));
        if (owner && owner.module !== one.module) report(path.slice(0, end), owner, one);
      }
    }
  }
  return problems;
}

function replaces(module: ManifestModule, other: ManifestModule): boolean {
  return module.replaces.some((text) => {
    const relation = parseRelation(text);
    return relation !== undefined && satisfies(relation, other);
  });
}
