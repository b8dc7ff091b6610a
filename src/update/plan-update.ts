import type { BankManifest, ManifestModule } from '../bootloader/bank-manifest.ts';
import { TwinbankError } from '../diagnostics/error.ts';
import { humanSize } from '../diagnostics/size.ts';
import { trustOf } from './bank-reading.ts';
import type { BundleIndex } from './bundle/bundle-index.ts';
import { bankProblems } from './manifest/bank-problems.ts';
import { carryOver, type OemDecision } from './manifest/carry-over.ts';
import { type BankPlan, planBank } from './manifest/plan-bank.ts';
import { compareVersions } from './manifest/version.ts';
import { assertSigned, signatureKeyIds } from './signing/signature.ts';
import type { SignedManifest } from './signing/signed-manifest.ts';

/** Where a module of the new bank comes from. */
export interface PlannedModule extends ManifestModule {
  readonly origin: string;
  readonly source: 'bundle' | 'kept';
  /** File of the kept bank with the same bytes; it may have another name there. */
  readonly keptFile: string | undefined;
  /** Version of the kept bank's module of this name; undefined for a new one. */
  readonly from: string | undefined;
}

/** All that an update will do to a bank, decided before the first write. */
export interface UpdatePlan {
  readonly from: string;
  readonly to: string;
  readonly manifests: readonly SignedManifest[];
  readonly oems: readonly OemDecision[];
  readonly modules: readonly PlannedModule[];
  /** Names of modules that the kept bank has and the new one has not. */
  readonly dropped: readonly string[];
  readonly bank: BankPlan;
  /** The bundle's version is lower than the kept bank's. */
  readonly older: boolean;
}

export interface UpdateFacts {
  /** Of the bank that stays, the base first. */
  readonly kept: readonly SignedManifest[];
  /** Of the bundle, the base first. */
  readonly bundle: readonly SignedManifest[];
  readonly index: BundleIndex;
  /** What bundle it is, for messages. */
  readonly name: string;
  /** Takes a bundle with a lower build than that of the bank that stays; the security version counts all the same. */
  readonly allowOlder?: boolean;
  /** Of the bank that is written. */
  readonly target: {
    readonly number: number;
    readonly clusters: number;
    readonly clusterBytes: number;
  };
}

/**
 * Plans an update, or throws (kind `refused`) why it cannot succeed: `update.product`,
 * `update.security-version`, `update.older`, `update.min-version`, `update.oem-*` where the modules do not go together or the
 * new base does not trust whoever signed a carried one, `update.module-missing`, `update.boot-cfg` and
 * `update.no-fit`; and as `carryOver` does.
 */
export function planUpdate(facts: UpdateFacts): UpdatePlan {
  const [running] = facts.kept.map(({ manifest }) => manifest);
  const [next] = facts.bundle.map(({ manifest }) => manifest);
  if (!running?.base || !next?.base) {
    throw refuse('update.no-base', `${facts.name}: expected the base in the bundle, found none`);
  }
  const older = compareVersions(next.build, running.build) < 0;
  assertAllowed(facts.name, running, next);
  if (older && facts.allowOlder !== true) throw isOlder(facts.name, running, next);
  const { manifests, decisions } = carryOver(facts.kept, facts.bundle);
  assertCombinable(manifests, decisions);
  assertTrusted(manifests, decisions, next);
  const modules = manifests.flatMap(({ manifest }) =>
    manifest.modules.map((module) => planModule(facts, manifest.origin, module)),
  );
  const names = new Set(modules.map(({ name }) => name));
  const had = facts.kept.flatMap(({ manifest }) => manifest.modules);
  const bank = layOut(manifests, facts.name);
  const oemFiles = manifests
    .filter(({ manifest }) => !manifest.base)
    .flatMap(({ manifest }) => manifest.modules.map(({ file }) => file));
  assertFits(bank, facts, oemFiles);
  return {
    from: running.build,
    to: next.build,
    manifests,
    oems: decisions,
    modules,
    dropped: had.filter(({ name }) => !names.has(name)).map(({ name }) => name),
    bank,
    older,
  };
}

function assertAllowed(name: string, running: BankManifest, next: BankManifest): void {
  if (next.product !== running.product) {
    const message = `${name}: expected a bundle for ${running.product}, found one for ${next.product}`;
    throw refuse('update.product', message);
  }
  const [floor, offered] = [running.base?.securityVersion ?? 0, next.base?.securityVersion ?? 0];
  if (offered < floor) {
    const message = `${name}: expected security version ${floor} or higher, as ${running.build} has, found ${offered} of ${next.build}`;
    throw refuse('update.security-version', message);
  }
  const minimum = next.base?.minVersion ?? '';
  if (minimum !== '' && compareVersions(running.version, minimum) < 0) {
    const message = `${name}: expected a host with version ${minimum} or newer, found ${running.version}; update to ${minimum} first`;
    throw refuse('update.min-version', message);
  }
}

function isOlder(name: string, running: BankManifest, next: BankManifest): TwinbankError {
  const message = `${name}: expected build ${running.build} or newer, as the host has it, found ${next.build}, which is older; it is taken with --allow-older (allowOlder of update.apply, allow-older in scenarios)`;
  return refuse('update.older', message);
}

function assertCombinable(
  manifests: readonly SignedManifest[],
  decisions: readonly OemDecision[],
): void {
  const problem = bankProblems(manifests.map(({ manifest }) => manifest))[0];
  if (!problem) return;
  const carried = decisions
    .filter(({ origin, action }) => action === 'carried' && problem.origins.includes(origin))
    .map(({ origin, version }) => `${origin} ${version}`);
  const hint = carried.length > 0 ? ` (${carried.join(', ')} of the running bank is kept)` : '';
  throw refuse(`update.oem-${problem.code}`, `${problem.message}${hint}`);
}

/** Once the new base runs, only what its keys have signed is right; a bank that is not is never kept again. */
function assertTrusted(
  manifests: readonly SignedManifest[],
  decisions: readonly OemDecision[],
  next: BankManifest,
): void {
  const trusted = trustOf(next);
  for (const { manifest, bytes, signature } of manifests) {
    const { origin, version } = manifest;
    if (!decisions.some((one) => one.origin === origin && one.action === 'carried')) continue;
    try {
      assertSigned(bytes, signature, trusted, `${origin}.json`);
    } catch (error) {
      if (!(error instanceof TwinbankError)) throw error;
      const list = (ids: readonly string[]) => ids.join(', ') || 'none';
      const [theirs, own] = [trusted.map(({ id }) => id), signatureKeyIds(signature, origin)];
      const message = `${origin} ${version}: expected the signature of a key that ${next.build} trusts (${list(theirs)}), found signatures of ${list(own)}; take a bundle that includes ${origin}, too`;
      throw refuse('update.oem-untrusted', message);
    }
  }
}

/** What boot.cfg and bank.env cannot hold is a reason like any other. */
function layOut(manifests: readonly SignedManifest[], name: string): BankPlan {
  try {
    return planBank(manifests);
  } catch (error) {
    if (!(error instanceof TwinbankError) || error.kind !== 'recipe') throw error;
    throw refuse('update.boot-cfg', `${name}: ${error.message}`, error.data);
  }
}

function planModule(
  { kept, index, name }: UpdateFacts,
  origin: string,
  module: ManifestModule,
): PlannedModule {
  const had = kept.flatMap(({ manifest }) => manifest.modules);
  const same = had.find(({ sha256 }) => sha256 === module.sha256);
  const from = had.find((one) => one.name === module.name)?.version;
  const sent = index.entries.some(
    ({ path, sha256 }) => path === `modules/${module.file}` && sha256 === module.sha256,
  );
  if (!sent && !same) {
    const relative = index.from ? `, as it is relative to ${index.from.build}` : '';
    const message = `${name}: expected module ${module.name} ${module.version} in the bundle or on this host, found it in neither${relative}; take a full bundle`;
    throw refuse('update.module-missing', message);
  }
  const source = sent ? 'bundle' : 'kept';
  return { ...module, origin, source, keptFile: same?.file, from };
}

function assertFits(
  bank: BankPlan,
  { target, name }: UpdateFacts,
  oemFiles: readonly string[],
): void {
  const { clusterBytes, clusters } = target;
  const taken = [{ name: 'boot.cfg', bytes: 1024 }, ...bank.files].map((file) => ({
    ...file,
    clusters: Math.ceil(file.bytes / clusterBytes),
  }));
  const needed = taken.reduce((sum, file) => sum + file.clusters, 0);
  if (needed <= clusters) return;
  const largest = taken.reduce((a, b) => (a.clusters >= b.clusters ? a : b));
  const named = taken
    .filter((one) => oemFiles.includes(one.name))
    .map((one) => `${one.name} with ${humanSize(one.bytes)}`);
  const oems = named.length > 0 ? `; OEMs bring ${named.join(', ')}: leave one out` : '';
  const message = `${name}: expected files of at most ${humanSize(clusters * clusterBytes)} for bank ${target.number}, found ${humanSize(needed * clusterBytes)}, the largest being ${largest.name} with ${humanSize(largest.bytes)}${oems}`;
  throw refuse('update.no-fit', message, { needed: needed * clusterBytes });
}

function refuse(code: string, message: string, data: Record<string, unknown> = {}): TwinbankError {
  return new TwinbankError('refused', code, message, { data });
}
