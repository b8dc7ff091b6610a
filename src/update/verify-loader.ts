import type { LoaderHashes } from '../bootloader/bank-manifest.ts';
import { unlessDamaged } from '../bootloader/damage.ts';
import { isBankPartition } from '../bootloader/image-partitions.ts';
import {
  type DiskLoader,
  grubCfgPath,
  loaderPartKeys,
  loaderPartNames,
  readLoader,
} from '../bootloader/loader-parts.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { Finding } from '../disk/finding.ts';
import { readGpt } from '../disk/gpt.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { sizeByGpt, truncatedDevice } from '../disk/truncated-device.ts';
import { type BankReading, readBankForUpdate } from './bank-reading.ts';
import type { KeptManifest } from './manifest/plan-bank.ts';
import { compareVersions } from './manifest/version.ts';
import type { PublicKey } from './signing/key.ts';
import { readLoaderStatement } from './signing/loader-statement.ts';
import { readSignedManifest } from './signing/signed-manifest.ts';

/** What the loader of a disk is, held against what signed manifests of the base say. */
export interface LoaderVerdict {
  /**
   * `right`: the one that was built with the bank that counts; `older`, `newer`: that of another build, whole;
   * `untrusted`: whole as it says itself, but signed by nobody whom the banks trust (any more); `wrong`: none of these;
   * `not-covered`: nothing that counts says what it should be.
   */
  readonly state: 'right' | 'older' | 'newer' | 'untrusted' | 'wrong' | 'not-covered';
  /** It came with; null where that is not known. */
  readonly build: string | null;
  /** Errors where it is untrusted or wrong, a warning where it is another build's. */
  readonly findings: readonly Finding[];
}

export interface VerifyLoaderOptions {
  /** One of these must have signed what is believed; without them whom the banks name themselves. */
  readonly makers?: readonly PublicKey[];
  /** The bank that runs or boots next; default the first. */
  readonly current?: number | null | undefined;
}

/** A build whose signed manifest lists a loader. */
interface LoaderClaim {
  readonly place: string;
  readonly build: string;
  readonly loader: LoaderHashes;
}

/** {@link verifyLoader} of a disk at rest. Throws as `readGpt` does. */
export function verifyDiskLoader(
  device: BlockDevice,
  options: VerifyLoaderOptions = {},
): LoaderVerdict {
  const size = sizeByGpt(device) ?? 0;
  const disk = size > device.size ? truncatedDevice(device, size) : device;
  const { partitions } = readGpt(disk);
  const banks = partitions.filter(isBankPartition).flatMap((one) => {
    const read = () => readBankForUpdate(one.number, partitionDevice(disk, one));
    return unlessDamaged(read, () => {}) ?? [];
  });
  return verifyLoader({ disk, partitions, banks }, options);
}

/**
 * Holds the loader against the base manifests of the banks, and against the statement that came with it: a loader is
 * not updated in the field, so that both banks may have newer ones. All parts must be of one build.
 */
export function verifyLoader(
  { disk, partitions, banks }: LoaderPlaces,
  { makers, current }: VerifyLoaderOptions = {},
): LoaderVerdict {
  const loader = readLoader(disk, partitions);
  const heard = banks.filter((bank) => bank.number === current || mayBoot(bank));
  const bases = [...(heard.length > 0 ? heard : banks)]
    .sort((a, b) => Number(b.number === current) - Number(a.number === current))
    .flatMap((bank) => verifiedBase(bank, makers));
  const trusted = [...(makers ?? []), ...bases.flatMap(({ bank }) => bank.trust)];
  const own = ownStatement(loader, trusted);
  const claims = bases.flatMap(({ claim }) => claim ?? []);
  if (own.isTrusted && own.claim) claims.push(own.claim);
  const findings = [...own.findings, ...strangerFindings(loader)];
  const found = claims.find((claim) => isWhole(loader, claim));
  const first = bases[0];
  if (found) {
    const { build } = found;
    if (!first?.claim || build === first.claim.build || isWhole(loader, first.claim)) {
      return verdict('right', build, findings);
    }
    const older = compareVersions(build, first.claim.build) < 0;
    const message = `loader: expected the loader of ${first.claim.build}, as ${first.claim.place} has it, found the loader of ${build}: a loader stays as the disk was flashed`;
    const code = older ? 'loader.older' : 'loader.newer';
    const other: Finding = { severity: 'warning', code, message };
    return verdict(older ? 'older' : 'newer', build, [...findings, other]);
  }
  if (!own.isTrusted && own.claim && isWhole(loader, own.claim)) {
    const error = findings.some(({ severity }) => severity === 'error');
    const state = error ? 'wrong' : 'untrusted';
    return { state, build: null, findings: [...findings, untrustedFinding(own.claim)] };
  }
  const expected = claims.at(-1);
  // A bank from before loaders were hashed says nothing of one that says nothing itself, whatever another bank lists.
  if (!expected || (!own.isThere && first && !first.claim)) {
    return verdict('not-covered', null, findings);
  }
  return verdict('wrong', null, [...findings, ...differences(loader, expected)]);
}

export interface LoaderPlaces {
  readonly disk: BlockDevice;
  readonly partitions: readonly GptPartition[];
  readonly banks: readonly BankReading[];
}

/** An error makes it `wrong`, whatever it is. */
function verdict(
  state: LoaderVerdict['state'],
  build: string | null,
  findings: readonly Finding[],
): LoaderVerdict {
  const isWrong = findings.some(({ severity }) => severity === 'error');
  return { state: isWrong ? 'wrong' : state, build, findings };
}

function isWhole(loader: DiskLoader, claim: LoaderClaim): boolean {
  return loaderPartKeys.every((part) => loader.holds(part, claim.loader));
}

function differences(loader: DiskLoader, { place, build, loader: listed }: LoaderClaim): Finding[] {
  return loaderPartKeys
    .filter((part) => !loader.holds(part, listed))
    .map((part) => ({
      severity: 'error',
      code: 'loader.other',
      message: `loader: ${loaderPartNames[part]}: expected the bytes of ${build}, as ${place} has them, found others`,
    }));
}

const statementName = `the last line of ${grubCfgPath}`;

/** What boots nothing has no say beside what does: anybody's manifest may have been left there. */
function mayBoot({ bootCfg }: BankReading): boolean {
  return bootCfg.ok && bootCfg.cfg.bootstate !== '3';
}

/** The base of a bank, where a key that counts has signed it. */
function verifiedBase(bank: BankReading, makers: readonly PublicKey[] | undefined) {
  const base = bank.manifests.find(({ manifest }) => manifest.base);
  const signed =
    base &&
    unlessDamaged(
      () => verified(base, makers ?? bank.trust),
      () => {},
    );
  if (!signed) return [];
  return [{ bank, claim: claimOf(`bank ${bank.number}`, signed.manifest) }];
}

function verified(
  { bytes, signature }: Omit<KeptManifest, 'manifest'>,
  keys: readonly PublicKey[],
) {
  return readSignedManifest(bytes, signature, keys, 'base.json');
}

function claimOf(
  place: string,
  { build, base }: KeptManifest['manifest'],
): LoaderClaim | undefined {
  return base?.loader && { place, build, loader: base.loader };
}

/** What the loader says of itself; `isTrusted` where a key that counts has signed it. */
function ownStatement({ statement }: DiskLoader, trusted: readonly PublicKey[]) {
  const findings: Finding[] = [];
  if (!statement) return { isThere: false, isTrusted: false, claim: undefined, findings };
  const read = (keys?: readonly PublicKey[]) =>
    unlessDamaged(
      (): LoaderClaim => {
        const { build, loader } = readLoaderStatement(statement, statementName, keys);
        return { place: statementName, build, loader };
      },
      (code, message) => findings.push({ severity: 'warning', code, message }),
    );
  const signed = read(trusted);
  if (signed) return { isThere: true, isTrusted: true, claim: signed, findings };
  const isUntrusted = findings.some(({ code }) => code === 'signature.untrusted');
  return { isThere: true, isTrusted: false, claim: isUntrusted ? read() : undefined, findings };
}

/** Whole, but whose? The key may have been given up since; it may be anybody's as well. */
function untrustedFinding({ build }: LoaderClaim): Finding {
  const message = `loader: expected one that a key of a bank's base has signed, found the loader of ${build}, signed by others`;
  return { severity: 'error', code: 'loader.untrusted', message };
}

function strangerFindings(loader: DiskLoader): Finding[] {
  const findings: Finding[] = [];
  const fail = (code: string, message: string) =>
    findings.push({ severity: 'error', code, message: `bootloader: ${message}` });
  for (const path of unlessDamaged(() => loader.strangers(), fail) ?? []) {
    const found = `found ${path}, which GRUB or firmware could run`;
    fail('loader.stranger', `expected nothing beside the loader's own files, ${found}`);
  }
  return findings;
}

/** What was not looked at because nothing signed says what it should be: for verdicts. */
export function notCovered({ state }: LoaderVerdict): readonly string[] {
  return state === 'not-covered' ? ['loader'] : [];
}
