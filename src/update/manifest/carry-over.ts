import type { BankManifest } from '../../bootloader/bank-manifest.ts';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { KeptManifest } from './plan-bank.ts';
import { parseRelation, satisfies } from './relation.ts';
import { compareVersions } from './version.ts';

/** What becomes of one OEM in an update, and why. */
export interface OemDecision {
  readonly origin: string;
  /** `carried` from the running bank; `brought` by the bundle; `dropped`: something replaces it. */
  readonly action: 'carried' | 'brought' | 'dropped';
  /** Of what the new bank will have; of a dropped one what it had. */
  readonly version: string;
  /** One clause for people. */
  readonly why: string;
}

export interface CarryOver<M extends KeptManifest> {
  /** The manifests of the new bank: the bundle's base, the OEMs of the running bank, those that are new. */
  readonly manifests: readonly M[];
  readonly decisions: readonly OemDecision[];
}

/**
 * The OEMs of the new bank. Those of the running bank go along by themselves, in their order, unless the
 * bundle brings a newer one of the same origin or a module that replaces all of theirs. Throws
 * `update.replaces-part` (kind `refused`) where it replaces some of an OEM's modules and not others.
 */
export function carryOver<M extends KeptManifest>(
  running: readonly M[],
  bundle: readonly M[],
): CarryOver<M> {
  const [base, ...brought] = bundle;
  const decisions: OemDecision[] = [];
  const manifests = base ? [base] : [];
  const owned = running.filter(({ manifest }) => !manifest.base);
  const ownNewer = ({ manifest: { origin, version } }: KeptManifest): boolean =>
    owned.some(({ manifest: own }) => {
      return own.origin === origin && compareVersions(own.version, version) > 0;
    });
  // What the new bank will not have replaces nothing in it.
  const taken = bundle.filter((one) => !ownNewer(one));
  for (const own of owned) {
    const { origin, version } = own.manifest;
    const theirs = brought.find(({ manifest }) => manifest.origin === origin);
    if (theirs && taken.includes(theirs)) {
      manifests.push(theirs);
      const same = theirs.manifest.version === version;
      const why = same ? 'the same version' : `newer than ${version}`;
      decisions.push({ origin, action: 'brought', version: theirs.manifest.version, why });
      continue;
    }
    const replacer = replacerOf(own.manifest, taken);
    if (replacer !== undefined) {
      decisions.push({ origin, action: 'dropped', version, why: `${replacer} replaces it` });
      continue;
    }
    manifests.push(own);
    const why = theirs
      ? `newer than ${theirs.manifest.version} of the bundle`
      : 'the bundle has none of this origin';
    decisions.push({ origin, action: 'carried', version, why });
  }
  for (const theirs of brought) {
    const { origin, version } = theirs.manifest;
    if (decisions.some((one) => one.origin === origin)) continue;
    manifests.push(theirs);
    decisions.push({ origin, action: 'brought', version, why: 'new on this host' });
  }
  return { manifests, decisions };
}

/** `MODULE of ORIGIN`, where modules of other origins that the bundle brings replace all of an OEM's. */
function replacerOf(oem: BankManifest, taken: readonly KeptManifest[]): string | undefined {
  const others = taken.filter(({ manifest }) => manifest.origin !== oem.origin);
  const replaced = oem.modules.map((module) => {
    for (const { manifest } of others) {
      const by = manifest.modules.find(({ replaces }) =>
        replaces.some((text) => {
          const relation = parseRelation(text);
          return relation && satisfies(relation, module);
        }),
      );
      if (by) return { module: module.name, by: `${by.name} of ${manifest.origin}` };
    }
    return { module: module.name, by: undefined };
  });
  const kept = replaced.filter(({ by }) => by === undefined);
  const gone = replaced.find(({ by }) => by !== undefined);
  if (!gone) return undefined;
  if (kept.length === 0) return gone.by;
  const message = `${oem.origin}: expected all of its modules to be replaced or none, found ${gone.by} to replace ${gone.module} and not ${kept.map(({ module }) => module).join(', ')}`;
  throw new TwinbankError('refused', 'update.replaces-part', message);
}
