import { readBankMagic } from '../disk/bank-magic.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import { type ExtentsDigest, equalBytesDigest } from '../disk/extents-digest.ts';
import { type FatVolume, openFat } from '../disk/fat/volume.ts';
import type { Finding } from '../disk/finding.ts';
import { readGpt } from '../disk/gpt.ts';
import type { GptPartition } from '../disk/gpt-entry.ts';
import { partitionDevice } from '../disk/partition-device.ts';
import { checkBank, readBankBootCfg, readOr } from './bank-contents.ts';
import { baseOrigin, readBankManifest } from './bank-manifest.ts';
import { type BankModule, bankModules } from './bank-modules.ts';
import { bankFiles } from './bank-volume.ts';
import { readBootCfg } from './boot-cfg.ts';
import { unlessDamaged } from './damage.ts';
import { decodeEnvBlock } from './env-block.ts';
import { isBankPartition } from './image-partitions.ts';
import { requiredKeys, type StateLabel, stateLabel, type Verdict } from './rules.ts';
import type { BankFacts } from './selection.ts';

/** One bank as it is on the disk now; also the facts that the loader's choice needs. */
export interface Bank extends BankFacts {
  /** GPT name. */
  readonly name: string;
  /** Of sector 1, or null where it has no mark. */
  readonly uuid: string | null;
  readonly state: StateLabel;
  /** These five are null where the key is missing, repeated or out of range (then the bank is MALFORMED). */
  readonly bootstate: number | null;
  readonly attempts: number | null;
  readonly verdict: Verdict | null;
  readonly updated: number | null;
  readonly build: string | null;
  /** Room for files, and what is left of it; both 0 where the volume cannot be read. */
  readonly bytes: number;
  readonly bytesFree: number;
  /** What its base manifest says; null where that cannot be read. */
  readonly securityVersion: number | null;
  readonly modules: readonly BankModule[];
  /** Why the loader would refuse the contents (verdict H); null when they are right. */
  readonly problem: string | null;
  /** It holds a boot.cfg and nothing else, as the second bank of a new image may. */
  readonly empty: boolean;
  readonly findings: readonly Finding[];
}

interface ReadBankOptions {
  /** Hears of the bytes that were hashed. */
  readonly onRead?: (bytes: number) => void;
  /** How they are hashed; one for both banks makes it quicker. */
  readonly digest?: ExtentsDigest;
}

/**
 * Every bank of a disk, with every hash checked. Throws as `readGpt` does; a bank that is damaged is
 * described, with findings.
 */
export function readBanks(disk: BlockDevice, options: ReadBankOptions = {}): Bank[] {
  const banks = readGpt(disk).partitions.filter(isBankPartition);
  const digest = equalBytesDigest();
  return banks.map((partition) => readBank(disk, partition, { digest, ...options }));
}

/** The bank in a partition. Never throws because of what is on the disk. */
export function readBank(
  disk: BlockDevice,
  partition: GptPartition,
  options: ReadBankOptions = {},
): Bank {
  const { number, name } = partition;
  const slice = partitionDevice(disk, partition);
  const findings: Finding[] = [];
  const find = (severity: Finding['severity'], code: string, message: string) =>
    findings.push({ severity, code, message: `bank ${number}: ${message}` });
  const warn = (code: string, message: string) => find('warning', code, message);
  const fail = (code: string, message: string) => find('error', code, message);
  const uuid = unlessDamaged(() => readBankMagic(slice), warn) ?? null;
  const volume = unlessDamaged(() => openFat(slice), fail);
  const contents = volume && unlessDamaged(() => readContents(volume, slice, find, options), fail);
  const bootCfg = contents?.bootCfg ?? readBootCfg(new Uint8Array());
  if (volume && !bootCfg.ok) find('error', 'bank.malformed', `boot.cfg: ${bootCfg.reason}`);
  const values = contents?.values ?? new Map<string, string>();
  const numberOf = (key: string) => (values.has(key) ? Number(values.get(key)) : null);
  return {
    partition: number,
    name,
    uuid,
    bootCfg,
    state: stateLabel(bootCfg.ok ? bootCfg.cfg.bootstate : undefined),
    bootstate: numberOf('bootstate'),
    attempts: numberOf('attempts'),
    verdict: (values.get('verdict') as Verdict | undefined) ?? null,
    updated: numberOf('updated'),
    build: values.get('build') ?? null,
    bytes: volume ? volume.boot.clusters * volume.clusterBytes : 0,
    bytesFree: volume?.freeBytes ?? 0,
    securityVersion: contents?.securityVersion ?? null,
    modules: contents?.modules ?? [],
    problem: contents ? contents.problem : 'its volume cannot be read',
    empty: contents?.empty ?? false,
    findings,
  };
}

type Find = (severity: Finding['severity'], code: string, message: string) => void;

function readContents(volume: FatVolume, slice: BlockDevice, find: Find, options: ReadBankOptions) {
  for (const { severity, code, message } of volume.check()) find(severity, code, message);
  const files = bankFiles(volume, slice, options.onRead, options.digest);
  const bootCfg = readBankBootCfg(files);
  if (bootCfg.ok) {
    for (const { offset, message } of bootCfg.problems) {
      find('warning', 'boot-cfg.form', `boot.cfg byte ${offset}: ${message}`);
    }
    if (volume.extents('boot.cfg').length > 1) {
      find('warning', 'boot-cfg.fragmented', 'boot.cfg: expected it in one piece on the disk');
    }
  }
  const state = bootCfg.ok ? bootCfg.cfg.bootstate : undefined;
  const empty = files.names().every((name) => name.toLowerCase() === 'boot.cfg');
  const check = checkBank(files, bootCfg.ok ? bootCfg.cfg : undefined);
  const found = bankModules(files, check);
  for (const { severity, code, message } of found.findings) find(severity, code, message);
  if (check.problem !== undefined && !(empty && state === '3')) {
    // An INVALID bank is often half of one: an update was broken off.
    find(state === '3' ? 'warning' : 'error', 'bank.contents', check.problem);
  }
  for (const { ok, problem = '' } of found.modules) {
    if (!ok && problem !== check.problem) find('warning', 'bank.module', problem);
  }
  const problem = check.problem ?? null;
  return {
    bootCfg,
    values: values(readOr(files, 'boot.cfg')),
    modules: found.modules,
    securityVersion: securityVersionOf(readOr(files, `${baseOrigin}.json`)),
    problem,
    empty,
  };
}

function securityVersionOf(bytes: Uint8Array | undefined): number | null {
  const manifest = bytes && readBankManifest(bytes);
  return typeof manifest === 'object' ? (manifest.base?.securityVersion ?? null) : null;
}

/** What can be read of a boot.cfg, also of a malformed one: the keys that are there once and in range. */
function values(bytes: Uint8Array | undefined): Map<string, string> {
  const { entries } = decodeEnvBlock(bytes ?? new Uint8Array());
  const good = new Map<string, string>();
  for (const { key, pattern } of requiredKeys) {
    const [only, second] = entries.filter((entry) => entry.key === key);
    if (only && !second && new RegExp(pattern).test(only.value)) good.set(key, only.value);
  }
  return good;
}
