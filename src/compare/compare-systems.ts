import type { ManifestPackage, TrustedKey } from '../bootloader/bank-manifest.ts';
import { changesBy, type KeyedChange, sameJson } from './change.ts';
import type { DescribedModule, DescribedOrigin, DescribedSystem } from './described.ts';
import { stepsBetween } from './sequence.ts';

/** Words of the kernel command line: which only one side has, and which stand elsewhere. */
interface OptionChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly moved: readonly string[];
}

export interface SystemComparison {
  readonly facts: readonly { readonly name: FactName; readonly a: Fact; readonly b: Fact }[];
  readonly origins: readonly KeyedChange<DescribedOrigin>[];
  readonly trust: readonly KeyedChange<TrustedKey>[];
  readonly kernelOptions: OptionChanges;
  /** The key is the module's name. */
  readonly modules: readonly KeyedChange<DescribedModule>[];
  readonly packages: readonly KeyedChange<ManifestPackage>[];
}

type Fact = string | number;
const factNames = [
  ...(['product', 'version', 'build', 'title', 'securityVersion', 'minVersion', 'loader'] as const),
];
type FactName = (typeof factNames)[number];

/** What two systems have differently, but for the files in their modules. */
export function compareSystems(a: DescribedSystem, b: DescribedSystem): SystemComparison {
  return {
    facts: factNames.flatMap((name) =>
      a[name] === b[name] ? [] : [{ name, a: a[name], b: b[name] }],
    ),
    origins: changesBy(a.origins, b.origins, ({ origin }) => origin, sameJson),
    trust: changesBy(a.trust, b.trust, ({ keyId }) => keyId, sameJson),
    kernelOptions: compareOptions(a.kernelOptions, b.kernelOptions),
    modules: changesBy(a.modules, b.modules, ({ name }) => name, sameModule),
    packages: changesBy(a.packages, b.packages, packageKey(a, b), samePackage),
  };
}

export function isSameSystem(found: SystemComparison): boolean {
  const { facts, origins, trust, kernelOptions, modules, packages } = found;
  const lists = [facts, origins, trust, modules, packages, ...Object.values(kernelOptions)];
  return lists.every((list) => list.length === 0);
}

/** Whether only its manifest has changed, and not a byte of it. */
export function sameContent(a: DescribedModule, b: DescribedModule): boolean {
  return a.sha256 === b.sha256 && a.bytes === b.bytes;
}

function sameModule(a: DescribedModule, b: DescribedModule): boolean {
  const factsOf = ({ file, version, vendor, kind, origin, relations }: DescribedModule) => {
    return [file, version, vendor, kind, origin, relations];
  };
  return sameContent(a, b) && sameJson(factsOf(a), factsOf(b));
}

/** What both call by one name is one package, whatever its file is called; its version is part of that. */
function packageKey(a: DescribedSystem, b: DescribedSystem) {
  const idsOf = ({ packages }: DescribedSystem) => new Set(packages.map(({ id }) => id));
  const [ours, theirs] = [idsOf(a), idsOf(b)];
  return ({ id, name }: ManifestPackage): string =>
    id !== undefined && ours.has(id) && theirs.has(id) ? id : name;
}

function samePackage(a: ManifestPackage, b: ManifestPackage): boolean {
  const factsOf = ({ id, name, type, version }: ManifestPackage) => [id, name, type, version];
  return a.bytes === b.bytes && a.sha256 === b.sha256 && sameJson(factsOf(a), factsOf(b));
}

function compareOptions(a: readonly string[], b: readonly string[]): OptionChanges {
  const steps = stepsBetween(a, b);
  const gone = steps.flatMap((one) => (one.step === 'removed' ? [a[one.a] ?? ''] : []));
  const come = steps.flatMap((one) => (one.step === 'added' ? [b[one.b] ?? ''] : []));
  // An option that goes here and comes there has only moved, as often as it does both.
  const moved = common(gone, come);
  return { added: without(come, moved), removed: without(gone, moved), moved: moved.sort() };
}

function common(a: readonly string[], b: readonly string[]): string[] {
  const left = [...b];
  return a.filter((option) => {
    const at = left.indexOf(option);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function without(options: readonly string[], taken: readonly string[]): string[] {
  const left = [...taken];
  return options.filter((option) => {
    const at = left.indexOf(option);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
