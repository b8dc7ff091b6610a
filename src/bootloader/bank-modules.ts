import type { Finding } from '../disk/finding.ts';
import { type BankCheck, type BankFiles, checkFile, type FileCheck } from './bank-contents.ts';
import { type ManifestModule, readBankManifest } from './bank-manifest.ts';

/** A module of a bank, as it is on the disk now. */
export interface BankModule {
  readonly name: string;
  /** Empty where no manifest lists it. */
  readonly version: string;
  /** `base` or `oem`; of an unlisted module nobody knows, it counts as `oem`. */
  readonly kind: string;
  readonly vendor: string;
  /** File in the bank's root. */
  readonly file: string;
  /** Origin of the manifest that lists it; empty for none. */
  readonly origin: string;
  /** Of the file; 0 and an empty hash where it is missing or cannot be read. */
  readonly bytes: number;
  readonly sha256: string;
  /** It is what its manifest and its NAME.sum say. */
  readonly ok: boolean;
  /** Whether bank.env names it, so that the loader loads it. */
  readonly loaded: boolean;
  /** One clause, when it is not ok. */
  readonly problem?: string;
}

/**
 * The modules of a bank in the loader's order, then those that only a manifest lists. Each is held against
 * its manifest and its sum. Findings: `bank.manifest`, `bank.module-unlisted`, `bank.module-twice`,
 * `bank.module-not-loaded`.
 */
export function bankModules(
  files: BankFiles & { names(): string[] },
  check: BankCheck,
): { modules: BankModule[]; findings: Finding[] } {
  const findings: Finding[] = [];
  const listed = new Map<string, ManifestModule & { origin: string }>();
  const report = (severity: Finding['severity'], code: string, message: string) =>
    findings.push({ severity, code, message });
  for (const file of files.names().filter((name) => /\.json$/i.test(name))) {
    const manifest = readManifest(files, file);
    if (typeof manifest === 'string') {
      report('error', 'bank.manifest', `${file}: ${manifest}`);
      continue;
    }
    for (const module of manifest.modules) {
      const key = module.file.toLowerCase();
      if (!listed.has(key)) listed.set(key, { ...module, origin: manifest.origin });
      else report('error', 'bank.module-twice', `${module.file}: found it in two manifests`);
    }
  }
  const modules: BankModule[] = [];
  const loaded = check.files.filter(({ name }) => name !== 'bank.env');
  const seen = new Set<string>();
  for (const file of loaded) {
    const key = file.name.toLowerCase();
    if (seen.has(key)) continue;
    seen.add(key);
    const entry = listed.get(key);
    if (!entry) {
      report('warning', 'bank.module-unlisted', `${file.name}: expected a manifest that lists it`);
    }
    modules.push(describe(file, entry, true));
  }
  for (const [key, entry] of listed) {
    if (seen.has(key)) continue;
    if (check.env) {
      const message = `${entry.file}: expected it in bank.env, as ${entry.origin}.json lists it`;
      report('warning', 'bank.module-not-loaded', message);
    }
    modules.push(describe(checkFile(files, entry.file), entry, false));
  }
  return { modules, findings };
}

function readManifest(files: BankFiles, name: string) {
  try {
    return readBankManifest(files.read(name) ?? new Uint8Array());
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function describe(
  file: FileCheck,
  entry: (ManifestModule & { origin: string }) | undefined,
  loaded: boolean,
): BankModule {
  const problem = file.problem ?? difference(file, entry);
  return {
    name: entry?.name ?? file.name.replace(/\.v00$/i, ''),
    version: entry?.version ?? '',
    kind: entry?.kind ?? 'oem',
    vendor: entry?.vendor ?? '',
    file: file.name,
    origin: entry?.origin ?? '',
    bytes: file.bytes,
    sha256: file.sha256,
    ok: problem === undefined,
    loaded,
    ...(problem === undefined ? {} : { problem }),
  };
}

function difference(file: FileCheck, entry: ManifestModule | undefined): string | undefined {
  if (!entry) return `${file.name} is in no manifest`;
  if (file.bytes !== entry.bytes) {
    return `${file.name} has ${file.bytes} bytes, its manifest says ${entry.bytes}`;
  }
  return file.sha256 === entry.sha256.toLowerCase()
    ? undefined
    : `${file.name} does not match its manifest`;
}
