import { type BankEnv, readBankEnv } from './bank-env.ts';
import { type BootCfgReading, readBootCfg } from './boot-cfg.ts';
import { contentProblem } from './rules.ts';
import { readSum, sha256 } from './sum-file.ts';

/** The little that is needed of a mounted bank; names are compared without case, as FAT does. */
export interface BankFiles {
  /** The file's bytes, or undefined when there is none. May throw when the medium cannot be read. */
  read(path: string): Uint8Array | undefined;
  /** Length and hash of a file that need not be in memory at once; without it, of what `read` gives. */
  measure?(path: string): { bytes: number; sha256: string } | undefined;
}

export interface FileCheck {
  readonly name: string;
  readonly bytes: number;
  /** Of what is on the disk now; empty when there is no such file. */
  readonly sha256: string;
  readonly ok: boolean;
  /** One clause, when it is not ok. */
  readonly problem?: string;
}

export interface BankCheck {
  /** bank.env, the kernel and every module, in the loader's order. */
  readonly files: readonly FileCheck[];
  readonly env?: BankEnv;
  /** Why the loader would refuse the bank with verdict H; the first reason in its order. */
  readonly problem?: string;
}

/** A bank's boot.cfg; a missing or unreadable file is malformed like any other. */
export function readBankBootCfg(files: BankFiles): BootCfgReading {
  const bytes = readOr(files, 'boot.cfg');
  return readBootCfg(bytes ?? new Uint8Array());
}

/**
 * Does what the loader does before it starts a bank: bank.env by its hash, bank.env against boot.cfg, the
 * kernel and each module by theirs. Every file is read and hashed once. With `stopAtFirst` it ends at the
 * first problem, as the loader does. `digest` lets a simulator remember hashes of bytes that it knows.
 * Without a `cfg` (boot.cfg is malformed) bank.env stands for itself.
 */
export function checkBank(
  files: BankFiles,
  cfg: BankEnv | undefined,
  options: { stopAtFirst?: boolean; digest?: (name: string, bytes: Uint8Array) => string } = {},
): BankCheck {
  const digest = options.digest ?? ((_name, bytes) => sha256(bytes));
  const first = checkFile(files, 'bank.env', digest);
  const checks = [first];
  const bytes = readOr(files, 'bank.env');
  const env = bytes ? readBankEnv(bytes) : undefined;
  let problem = first.problem;
  if (!env) return { files: checks, problem: problem ?? contentProblem('noEnv') };
  if (cfg) problem ??= difference(env, cfg);
  if (problem === undefined && env.modules.length === 0) problem = contentProblem('noModules');
  for (const name of [env.kernel, ...env.modules]) {
    if (problem !== undefined && options.stopAtFirst) break;
    const check = checkFile(files, name, digest);
    checks.push(check);
    problem ??= check.problem;
  }
  return problem === undefined ? { files: checks, env } : { files: checks, env, problem };
}

function difference(env: BankEnv, cfg: BankEnv): string | undefined {
  // The loader compares whole values; equal words with other blanks between them are equal to us,
  // because the loader splits them at blanks before it uses them.
  if (env.kernel !== cfg.kernel) return contentProblem('differs', 'kernel');
  if (env.kernelopt !== cfg.kernelopt) return contentProblem('differs', 'kernelopt');
  if (env.modules.join(' ') !== cfg.modules.join(' ')) return contentProblem('differs', 'modules');
  if (env.build !== cfg.build) return contentProblem('differs', 'build');
  return undefined;
}

/** A file against its NAME.sum. */
export function checkFile(
  files: BankFiles,
  name: string,
  digest: (name: string, bytes: Uint8Array) => string = (_name, bytes) => sha256(bytes),
): FileCheck {
  const sum = readOr(files, `${name}.sum`);
  const measured = measure(files, name, digest);
  const found = { name, bytes: measured?.bytes ?? 0, sha256: measured?.sha256 ?? '' };
  const bad = (problem: string): FileCheck => ({ ...found, ok: false, problem });
  if (!sum?.length) return bad(contentProblem('sumMissing', name));
  if (found.bytes === 0) return bad(contentProblem('fileMissing', name));
  if (readSum(sum, name) !== found.sha256) return bad(contentProblem('hash', name));
  return { ...found, ok: true };
}

function measure(
  files: BankFiles,
  name: string,
  digest: (name: string, bytes: Uint8Array) => string,
): { bytes: number; sha256: string } | undefined {
  if (files.measure) return unlessUnreadable(() => files.measure?.(name));
  const bytes = readOr(files, name);
  return bytes && { bytes: bytes.length, sha256: digest(name, bytes) };
}

/** The file's bytes, or undefined when there is none, or none that can be read. */
export function readOr(files: BankFiles, path: string): Uint8Array | undefined {
  return unlessUnreadable(() => files.read(path));
}

/** The file's hash by the same rule. */
export function hashOr(files: BankFiles, path: string): string | undefined {
  return unlessUnreadable(() => files.measure?.(path)?.sha256);
}

function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // A crossed cluster chain or a bad sector: the loader, too, just finds that it cannot read the file.
    return undefined;
  }
}
