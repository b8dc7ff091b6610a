import { checkBank, checkFile, readOr } from '../bootloader/bank-contents.ts';
import { encodeBankEnv } from '../bootloader/bank-env.ts';
import { unlessDamaged } from '../bootloader/damage.ts';
import { readSum } from '../bootloader/sum-file.ts';
import type { BankReading } from './bank-reading.ts';
import { combineProblems } from './manifest/combine.ts';
import { bankEnvOf } from './manifest/plan-bank.ts';
import type { PublicKey } from './signing/key.ts';
import { assertSigned } from './signing/signature.ts';
import { readSignedManifest } from './signing/signed-manifest.ts';

// What boot.cfg cannot hold is a mistake of the recipe where it is built; here it is damage.
const damageKinds = ['corrupt', 'recipe'] as const;

/** Something of a bank that is not what its manifests say. */
export interface BankProblem {
  /** File that it is about. */
  readonly file: string;
  readonly code: string;
  /** One sentence that begins with the file. */
  readonly message: string;
}

export interface BankVerification {
  readonly problems: readonly BankProblem[];
  /** Origin and the trusted keys that have signed it. */
  readonly signed: readonly { readonly origin: string; readonly keyIds: readonly string[] }[];
}

export interface VerifyBankOptions {
  /**
   * One of these must have signed the base, which says whom to trust in all else. Without them a bank only
   * shows that it is whole: whoever makes one names the keys in it.
   */
  readonly makers?: readonly PublicKey[];
  /**
   * `contents`: every file is hashed. `sums`: every NAME.sum is held against the manifests, which is enough
   * for a system whose loader has held every file against its NAME.sum.
   */
  readonly by: 'contents' | 'sums';
}

/**
 * Holds a bank against its manifests: each signed by a trusted key, fitting together, every module what is
 * listed, bank.env and boot.cfg what follows from them, and nothing loaded that no manifest lists.
 */
export function verifyBank(bank: BankReading, options: VerifyBankOptions): BankVerification {
  const problems: BankProblem[] = bank.damaged.map(({ file, problem }) =>
    finding(file, 'manifest.form', problem),
  );
  const report = (file: string, code: string, problem: string) =>
    problems.push(finding(file, code, problem));
  const { makers } = options;
  const trusted = [...bank.trust, ...(makers ?? [])];
  const signed: { origin: string; keyIds: readonly string[] }[] = [];
  if (!bank.manifests.some(({ manifest }) => manifest.base)) {
    report('base.json', 'manifest.missing', 'expected the manifest of the base, found none');
    return { problems, signed };
  }
  for (const { manifest, bytes, signature } of bank.manifests) {
    const file = `${manifest.origin}.json`;
    if (signature.length === 0) {
      const expected = `expected its signature in ${manifest.origin}.sig, found none`;
      report(file, 'signature.missing', expected);
      continue;
    }
    const read = () => {
      if (makers && manifest.base) assertSigned(bytes, signature, makers, file);
      return readSignedManifest(bytes, signature, trusted, file);
    };
    const found = (code: string, message: string) => problems.push({ file, code, message });
    const verified = unlessDamaged(read, found, damageKinds);
    if (verified) signed.push({ origin: manifest.origin, keyIds: verified.keyIds });
  }
  const manifests = bank.manifests.map(({ manifest }) => manifest);
  for (const { code, message, origins } of combineProblems(manifests)) {
    report(`${origins.at(-1)}.json`, `manifest.${code}`, message);
  }
  const env = unlessDamaged(
    () => encodeBankEnv(bankEnvOf(manifests)),
    (code, message) => problems.push({ file: 'base.json', code, message: `base.json: ${message}` }),
    damageKinds,
  );
  const found = readOr(bank.files, 'bank.env');
  if (env && (!found || Buffer.compare(found, env) !== 0)) {
    report('bank.env', 'bank.env-other', 'expected what follows from the manifests, found others');
  }
  if (bank.bootCfg.ok) {
    const title = manifests[0]?.base?.title;
    if (bank.bootCfg.cfg.title !== title) {
      report('boot.cfg', 'bank.title', 'expected the title of base.json, found another');
    }
  } else report('boot.cfg', 'bank.malformed', bank.bootCfg.reason);
  checkModules(bank, options.by, report);
  return { problems, signed };
}

type Report = (file: string, code: string, problem: string) => void;

function checkModules(bank: BankReading, by: 'contents' | 'sums', report: Report): void {
  const modules = bank.manifests.flatMap(({ manifest }) => manifest.modules);
  if (by === 'contents') {
    const check = checkBank(bank.files, bank.bootCfg.ok ? bank.bootCfg.cfg : undefined);
    // Those of manifests are held against more than their sums below.
    const wrong = check.files.filter(
      ({ name, ok }) => !ok && !modules.some(({ file }) => sameName(file, name)),
    );
    for (const { name, problem = '' } of wrong) {
      // The loader looks for a file of no name where bank.env names no kernel.
      if (name === '') report('bank.env', 'bank.contents', 'expected a kernel in it, found none');
      else report(name, 'bank.contents', problem);
    }
    if (check.problem !== undefined && check.files.every(({ ok }) => ok)) {
      report('bank.env', 'bank.contents', check.problem);
    }
  }
  for (const { file, sha256, bytes } of modules) {
    const sum = readOr(bank.files, `${file}.sum`);
    if (!sum || readSum(sum, file) !== sha256) {
      report(file, 'bank.sum', `expected ${file}.sum to hold the hash that its manifest gives`);
    }
    if (by === 'sums') continue;
    const found = checkFile(bank.files, file);
    if (found.bytes === bytes && found.sha256 === sha256) continue;
    const what = found.sha256 === '' ? 'none that can be read' : 'other contents';
    report(file, 'bank.module', `expected what its manifest lists, found ${what}`);
  }
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function finding(file: string, code: string, problem: string): BankProblem {
  return { file, code, message: `${file}: ${problem}` };
}
