import { type ImageReport, inspectImage } from '../../../bootloader/inspect-image.ts';
import type { StateLabel } from '../../../bootloader/rules.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import { inFile } from '../../../diagnostics/in-file.ts';
import type { Finding } from '../../../disk/finding.ts';
import { openImage } from '../../../disk/open-image.ts';
import { readBankForUpdate } from '../../../update/bank-reading.ts';
import type { HostDisk } from '../../../update/host-disk.ts';
import { developmentKey, isDevelopmentKey, type PublicKey } from '../../../update/signing/key.ts';
import { type NamedPackages, reportStore, storeProblems } from '../../../update/stored-package.ts';
import { type BankVerification, verifyBank } from '../../../update/verify-bank.ts';
import { notCovered, verifyDiskLoader } from '../../../update/verify-loader.ts';
import type { Colors, Context, Result } from '../../command.ts';
import { withHostDisk } from '../../host-disk.ts';
import { developmentWarning } from '../../secrets/signing-key.ts';
import { plain } from '../../text/plain-text.ts';
import { keysText } from '../../text/update-text.ts';
import { type FoundManifest, provenanceText, verifyProvenance } from './provenance.ts';

/** What `verify` is given. */
export interface VerifiedFile {
  readonly file: string;
  readonly path: string;
  /** File of the provenance that it has to be of. */
  readonly provenance?: string | undefined;
}

interface VerifiedBank extends BankVerification {
  readonly partition: number;
  readonly state: StateLabel;
  readonly build: string | null;
  /** Of one that boots nothing not every file has to be there: an update was broken off, or none was made. */
  readonly counts: boolean;
}

/**
 * Holds an image, or the disk of a host that does not run, against its signed manifests. With `makers` one of
 * them must have signed the base of each bank that may boot.
 */
export async function verifyImage(
  context: Context,
  { file, path, provenance }: VerifiedFile,
  makers: readonly PublicKey[],
): Promise<Result> {
  const { report, signal, colors } = context;
  const opened = openImage(path);
  const { found, loader } = await inspectImage(opened.device, { report, signal })
    .then((found) => {
      const options = { ...(makers.length > 0 && { makers }), current: found.next };
      return { found, loader: verifyDiskLoader(opened.device, options) };
    })
    .catch((error: unknown) => {
      throw inFile(file, error);
    })
    .finally(() => opened.close());
  const { banks, store, manifests, trust } = await withHostDisk(
    file,
    path,
    { writable: false },
    async (host) => verifyBanks(host, found, makers),
  );
  const findings = [...diskFindings(found, banks), ...errorsOf(loader.findings)];
  const wrong = banks.flatMap(({ counts, partition, problems }) =>
    counts ? problems.map(({ message }) => `bank ${partition}: ${message}`) : [],
  );
  const [first] = [...wrong, ...store, ...findings.map(({ message }) => message)];
  const ok = first === undefined;
  const development = banks.some(({ signed }) =>
    signed.some(({ keyIds }) => keyIds.some(isDevelopmentKey)),
  );
  if (development) report(developmentWarning);
  // Who is trusted is for the caller to say; else it is whoever the banks trust, as for all that is in them.
  const trusted = makers.length > 0 ? makers : [...trust, developmentKey.public];
  const made = provenance && (await verifyProvenance(context, provenance, trusted, manifests));
  return {
    json: {
      ...(made && { provenance: made }),
      file,
      ok,
      kind: 'image',
      development,
      findings,
      loader: { state: loader.state, build: loader.build },
      notCovered: notCovered(loader),
      store,
      banks: banks.map(({ counts: _, ...bank }) => ({ ...bank, ok: bank.problems.length === 0 })),
    },
    text: [
      ...banks.map((bank) => bankText(bank, colors)),
      ...store.map(plain),
      ...findings.map(({ message }) => plain(message)),
      ...warningsOf(loader.findings).map(({ message }) => colors.yellow(plain(message))),
      ...(made ? [provenanceText(made)] : []),
      [`${file}: ${ok ? 'verified' : 'wrong'}`, ...notCovered(loader).map(notCoveredText)].join(
        '; ',
      ),
    ].join('\n'),
    ...(!ok && {
      failure: new TwinbankError(
        'corrupt',
        'verify.wrong',
        `${file}: expected what its signed manifests say, found ${plain(first)}`,
      ),
    }),
  };
}

function verifyBanks(
  host: HostDisk,
  { banks }: ImageReport,
  makers: readonly PublicKey[],
): { banks: VerifiedBank[]; store: string[]; manifests: FoundManifest[]; trust: PublicKey[] } {
  const named: NamedPackages[] = [];
  const manifests: FoundManifest[] = [];
  const trust: PublicKey[] = [];
  const verified = host.banks.map(({ number, device }): VerifiedBank => {
    const reading = readBankForUpdate(number, device);
    const verification = verifyBank(reading, {
      by: 'contents',
      ...(makers.length > 0 && { makers }),
    });
    const bank = banks.find(({ partition }) => partition === number);
    const counts = bank?.state !== 'INVALID';
    if (counts) {
      trust.push(...reading.trust);
      for (const { manifest, bytes } of reading.manifests) {
        manifests.push({ origin: manifest.origin, bytes, place: `bank ${number}` });
      }
    }
    const base = reading.manifests.find(({ manifest }) => manifest.base)?.manifest;
    if (counts && base?.base) named.push({ build: base.build, packages: base.base.packages });
    const { state = 'MALFORMED', build = null } = bank ?? {};
    return { partition: number, state, build, counts, ...verification };
  });
  const store = storeProblems(reportStore(host.store, named));
  return { banks: verified, store, manifests, trust };
}

/** Errors of the disk and its volumes. What is in the banks was verified by their manifests. */
function diskFindings(
  { findings, banks }: ImageReport,
  verified: readonly VerifiedBank[],
): Finding[] {
  const counted = banks.flatMap((bank) => {
    const counts = verified.find(({ partition }) => partition === bank.partition)?.counts;
    return bank.findings.filter(({ code }) => !counts || !code.startsWith('fat.'));
  });
  return errorsOf(findings).filter((one) => !counted.includes(one));
}

function errorsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === 'error');
}

function warningsOf(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ severity }) => severity === 'warning');
}

function notCoveredText(what: string): string {
  return `not covered: ${what}`;
}

function bankText(
  { partition, state, build, problems, signed, counts }: VerifiedBank,
  colors: Colors,
): string {
  const right = problems.length === 0;
  const judgement = right ? 'verified' : counts ? 'wrong' : 'incomplete, boots nothing';
  return [
    `${colors.bold(`Bank ${partition}`)}  ${[state, plain(build ?? '')].filter(Boolean).join(', ')}: ${judgement}`,
    ...signed.map(({ origin, keyIds }) => `  ${plain(origin)} signed by ${keysText(keyIds)}`),
    ...problems.map(({ message }) => `  ${plain(message)}`),
  ].join('\n');
}
