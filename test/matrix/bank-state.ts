import { type BootMarks, withMarks } from '../../src/bootloader/boot-cfg.ts';
import type { LoaderBank } from '../../src/bootloader/loader-io.ts';
import {
  type Attempts,
  type BootState,
  stateNames,
  type Verdict,
} from '../../src/bootloader/rules.ts';
import { bootCfgOf, type MatrixDisk } from './disk.ts';

/** bootstate, attempts and verdict in one word, as in `02H`. */
export type Marks = `${BootState}${Attempts}${Verdict}`;

/** A bank before a boot: its marks, and what is wrong with it. */
export interface BankState {
  readonly marks: Marks;
  readonly updated?: number;
  readonly damage?: readonly Damage[];
}

/** `FILE` for a file with a .sum of its own, or the .sum. */
export type Damage =
  | { readonly what: 'flip' | 'missing' | 'empty' | 'short'; readonly file: string }
  /** Bytes of boot.cfg from here on never arrived: they are zero, or still those of an older one. */
  | { readonly what: 'torn' | 'mixed'; readonly at: number }
  /** boot.cfg's first sector was lost. */
  | { readonly what: 'headless' }
  | { readonly what: 'bit'; readonly at: number }
  /** boot.cfg says otherwise than bank.env in this key. */
  | { readonly what: 'differs'; readonly key: 'kernel' | 'kernelopt' | 'modules' | 'build' }
  /** GRUB's `save_env` refuses a block whose filler ends in something else. */
  | { readonly what: 'unwritable' };

export type BankStates = ReadonlyMap<number, BankState>;

/** A bank of the model: its files in memory. */
export interface ModelBank extends LoaderBank {
  bootCfg(): Uint8Array | undefined;
}

/** Makes the disk in `bytes` with its banks in these states, and the same banks for the model. */
export function setUp(
  disk: MatrixDisk,
  bytes: Buffer,
  states: BankStates,
  writable = true,
): ModelBank[] {
  disk.bytes.copy(bytes);
  return modelBanks(disk, bytes, states, writable);
}

/** The banks for the model, over a disk of which nobody reads more than they have. */
export function modelBanks(
  disk: MatrixDisk,
  bytes: Buffer,
  states: BankStates,
  writable = true,
): ModelBank[] {
  return [...states].map(([partition, state]) =>
    setUpBank(disk, bytes, partition, state, writable),
  );
}

function setUpBank(
  disk: MatrixDisk,
  bytes: Buffer,
  partition: number,
  state: BankState,
  writable: boolean,
): ModelBank {
  const files = new Map(disk.files.get(partition));
  const replace = (name: string, content: Uint8Array) => {
    const { offset, entry } = disk.place(partition, name);
    bytes.set(content, offset);
    bytes.writeUInt32LE(content.length, entry + 28);
    files.set(name, content);
  };
  const remove = (name: string) => {
    const { entry } = disk.place(partition, name);
    bytes[entry] = 0xe5;
    // Its long name, too: by chance, "BANKEN~1.SUM" has the checksum of the entry after it, and GRUB would
    // take what is left of bank.env.sum for a name of vmkernel.sum.
    if (bytes[entry - 21] === 0x0f) bytes[entry - 32] = 0xe5;
    files.delete(name);
  };
  replace('boot.cfg', bootCfgBefore(partition, state));
  for (const damage of state.damage ?? []) {
    if (!('file' in damage)) continue;
    const content = Buffer.from(files.get(damage.file)!);
    if (damage.what === 'flip') {
      content[3]! ^= 0x10;
      replace(damage.file, content);
    } else if (damage.what === 'missing') remove(damage.file);
    else replace(damage.file, content.subarray(0, damage.what === 'empty' ? 0 : 40));
  }
  return {
    partition,
    read: (path) => files.get(path),
    writeBootCfg: (data) => {
      if (writable) files.set('boot.cfg', data);
    },
    bootCfg: () => files.get('boot.cfg'),
  };
}

function bootCfgBefore(partition: number, state: BankState): Buffer {
  let cfg = bootCfgOf(partition, { updated: state.updated ?? 1 });
  cfg = Buffer.from(withMarks(cfg, marksOf(state.marks)));
  for (const damage of state.damage ?? []) {
    if (damage.what === 'torn') cfg.fill(0, damage.at);
    // Another build with a longer line before: what is left of it is out of step.
    if (damage.what === 'mixed') {
      const old = bootCfgOf(partition, { build: '0.9-1234567', kernelopt: 'quiet', updated: 1 });
      cfg.set(old.subarray(damage.at), damage.at);
    }
    if (damage.what === 'headless') cfg.fill(0, 0, 512);
    if (damage.what === 'bit') cfg[damage.at >> 3]! ^= 1 << (damage.at & 7);
    if (damage.what === 'differs') cfg = changed(cfg, damage.key);
    if (damage.what === 'unwritable') cfg[1020] = 0x40;
  }
  return cfg;
}

/** A value of the same length that no bank.env has. */
function changed(cfg: Buffer, key: string): Buffer {
  const text = cfg.toString('latin1');
  return Buffer.from(text.replace(new RegExp(`\n${key}=([^\n]*).\n`), `\n${key}=$17\n`), 'latin1');
}

export function marksOf(marks: Marks): BootMarks {
  const [bootstate, attempts, verdict] = marks;
  return { bootstate, attempts, verdict } as BootMarks;
}

/** A state in a few words, for tables and messages. */
export function describeState({ marks, damage = [] }: BankState): string {
  const { bootstate, attempts, verdict } = marksOf(marks);
  const lost = damage.some(({ what }) => what === 'torn' || what === 'headless');
  const words = lost ? [] : [`${stateNames[bootstate]} ${attempts} ${verdict}`];
  for (const one of damage) {
    if ('file' in one) words.push(`${one.file} ${one.what === 'flip' ? 'wrong' : one.what}`);
    else if ('at' in one) words.push(`boot.cfg ${one.what} at ${one.at}`);
    else words.push(`boot.cfg ${one.what}${'key' in one ? ` in ${one.key}` : ''}`);
  }
  return words.join(', ');
}
