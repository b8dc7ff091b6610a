import { TwinbankError } from '../diagnostics/error.ts';
import {
  decodeEnvBlock,
  type EnvEntry,
  type EnvProblem,
  encodeEnvBlock,
  setInEnvBlock,
} from './env-block.ts';
import {
  type Attempts,
  type BootState,
  bootCfgKeys,
  type MarkKey,
  markKeys,
  maxUpdated,
  moduleSeparator,
  requiredKeys,
  type Verdict,
} from './rules.ts';

/** The three characters that the loader and the running system change. */
export interface BootMarks {
  readonly bootstate: BootState;
  readonly attempts: Attempts;
  readonly verdict: Verdict;
}

/** A bank's boot.cfg: at once the original family's file and a GRUB environment block. */
export interface BootCfg extends BootMarks {
  /** 1-999999999; the highest of all banks wins. */
  readonly updated: number;
  /** `version-build`, begins with a digit. */
  readonly build: string;
  /** File name of the kernel in the bank's root. */
  readonly kernel: string;
  readonly kernelopt: string;
  /** File names in the order in which they are loaded. */
  readonly modules: readonly string[];
  readonly title: string;
}

const newline = 0x0a;

/** Compiled once: a simulator reads thousands of boot.cfg a second. */
const required = requiredKeys.map(({ key, pattern }) => ({
  key,
  pattern,
  test: new RegExp(pattern),
}));

export type BootCfgReading =
  | { readonly ok: true; readonly cfg: BootCfg; readonly problems: readonly EnvProblem[] }
  | {
      readonly ok: false;
      /** The first key that is missing, repeated or out of range. */
      readonly key: string;
      /** One clause: what was expected and what was found, and at which byte. */
      readonly reason: string;
      readonly problems: readonly EnvProblem[];
    };

/**
 * The 1024 bytes of a boot.cfg. Throws `env-block.*` or `boot-cfg.value`, naming the key, for what does
 * not fit, what GRUB would not hand on unchanged, and what the loader would call malformed.
 */
export function encodeBootCfg(cfg: BootCfg): Uint8Array {
  if (!Number.isInteger(cfg.updated) || cfg.updated < 1 || cfg.updated > maxUpdated) {
    throw refuse('updated', `a whole number from 1 to ${maxUpdated}`, String(cfg.updated));
  }
  const text = { ...cfg, updated: String(cfg.updated), modules: joinModules(cfg.modules) };
  for (const { key, pattern, test } of required) {
    if (!test.test(text[key])) throw refuse(key, pattern, JSON.stringify(text[key]));
  }
  if (/ /.test(cfg.build)) throw refuse('build', 'no blanks', JSON.stringify(cfg.build));
  assertLoadable('boot.cfg', cfg);
  return encodeEnvBlock(
    bootCfgKeys.map((key) => [key, text[key]]),
    'boot.cfg',
  );
}

/**
 * Throws `boot-cfg.value` for names that are not one plain file name, and for options that GRUB would
 * take for file patterns (a word with * or ? that begins with /, ( or *; grub-core/commands/wildcard.c).
 */
export function assertLoadable(
  file: string,
  what: Pick<BootCfg, 'kernel' | 'kernelopt' | 'modules'>,
): void {
  const names = [
    ['kernel', what.kernel],
    ...what.modules.map((name) => ['modules', name]),
  ] as const;
  for (const [key, name] of names) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(name ?? '')) {
      const rule = 'file names of letters, digits and . _ + -';
      throw refuse(key ?? '', rule, JSON.stringify(name), file);
    }
  }
  const pattern = what.kernelopt.split(' ').find((word) => /^([/(].*[*?]|\*)/.test(word));
  if (pattern !== undefined) {
    throw refuse('kernelopt', 'no word that GRUB takes for a file pattern', pattern, file);
  }
}

export function joinModules(modules: readonly string[]): string {
  return modules.join(` ${moduleSeparator} `);
}

/** The words of a `modules` value as GRUB's `for` sees them, without the separators. */
export function splitModules(value: string): string[] {
  return value.split(/[ \t]+/).filter((word) => word !== '' && word !== moduleSeparator);
}

/**
 * Reads a boot.cfg by the contract's rule for malformed ones. Never throws. `problems` also lists what
 * is odd but harmless to the loader, such as a wrong filler.
 */
export function readBootCfg(bytes: Uint8Array): BootCfgReading {
  const { entries, problems } = decodeEnvBlock(bytes);
  const values = new Map(entries.map((entry) => [entry.key, entry]));
  for (const { key, pattern, test } of required) {
    const entry = values.get(key);
    const fail = (reason: string): BootCfgReading => ({ ok: false, key, reason, problems });
    if (!entry) {
      const cause = problems[0] ? ` (byte ${problems[0].offset}: ${problems[0].message})` : '';
      return fail(`${key} is missing${cause}`);
    }
    const same = entries.filter((other) => other.key === key);
    if (same.length > 1)
      return fail(`${key} is there ${same.length} times, again at byte ${entry.offset}`);
    if (!test.test(entry.value)) {
      const found = JSON.stringify(entry.value.slice(0, 24));
      return fail(`${key} at byte ${entry.offset}: expected ${pattern}, found ${found}`);
    }
  }
  const value = (key: string) => values.get(key)?.value ?? '';
  const cfg: BootCfg = {
    bootstate: value('bootstate') as BootState,
    attempts: value('attempts') as Attempts,
    verdict: value('verdict') as Verdict,
    updated: Number(value('updated')),
    build: value('build'),
    kernel: value('kernel'),
    kernelopt: value('kernelopt'),
    modules: splitModules(value('modules')),
    title: value('title'),
  };
  return { ok: true, cfg, problems };
}

/**
 * The bytes with other marks: just these characters differ, so that a torn write is harmless. `bytes` is
 * the whole file or its first sector. Throws `boot-cfg.mark` where a mark has no single place in it.
 */
export function withMarks(bytes: Uint8Array, marks: Partial<BootMarks>): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const { entries } = decodeEnvBlock(bytes.subarray(0, 512));
  for (const key of markKeys) {
    const value = marks[key];
    if (value !== undefined) changed[markOffset(bytes, entries, key)] = value.charCodeAt(0);
  }
  return changed;
}

/** By the same rules as {@link readBootCfg}: what looks like a mark's line may be part of another value. */
function markOffset(bytes: Uint8Array, entries: readonly EnvEntry[], key: MarkKey): number {
  const found = entries.filter((entry) => entry.key === key);
  const [only, second] = found;
  const isMark = only?.value.length === 1 && bytes[only.offset + 1] === newline;
  if (only && !second && isMark) return only.offset;
  const rule = 'expected one line with one character in the first 512 bytes';
  throw new TwinbankError(
    'corrupt',
    'boot-cfg.mark',
    `boot.cfg ${key}: ${rule}, found ${found.length}`,
    { data: { key } },
  );
}

/** What GRUB's `save_env` of these marks leaves on the disk; undefined where it would refuse. */
export function savedByGrub(bytes: Uint8Array, marks: Partial<BootMarks>): Uint8Array | undefined {
  let changed: Uint8Array | undefined = bytes;
  for (const key of markKeys) {
    const value = marks[key];
    if (value !== undefined && changed) changed = setInEnvBlock(changed, key, value);
  }
  return changed;
}

function refuse(key: string, expected: string, found: string, file = 'boot.cfg'): TwinbankError {
  return new TwinbankError(
    'recipe',
    'boot-cfg.value',
    `${file} ${key}: expected ${expected}, found ${found}`,
    { data: { key } },
  );
}
