import { TwinbankError } from '../../diagnostics/error.ts';
import type { MachineKind } from '../machine/test-machine.ts';
import { type Effect, type FaultRow, faultRows } from './fault.ts';

/** A fault as it was asked for, not yet bound to a disk. */
export interface NamedFault {
  /** As it was written: `flip-bit=engine.v00:17@6`. */
  readonly text: string;
  readonly row: FaultRow;
  readonly effect: Effect;
  /** Partition number after `@`. */
  readonly bank?: number;
}

/** A fault that is sure which bank it is about; none: the whole disk, or any bank. */
export interface Fault {
  readonly text: string;
  readonly effect: Effect;
  readonly bank?: number;
}

/**
 * Parses `NAME[=ARGUMENT][@BANK]`. Throws `usage.fault` (kind `usage`) for what is no fault, what this
 * engine cannot do, and arguments that do not fit.
 */
export function parseFault(text: string, engine: MachineKind): NamedFault {
  const match = /^([a-z-]+)(?:=([^@]*))?(?:@(\d{1,3}))?$/.exec(text);
  const row = faultRows.find(({ name }) => name === match?.[1]);
  if (!match || !row) throw refuse(text, `one of\n${faultList(engine)}\n`, 'no such fault');
  if (!row.engines.includes(engine)) {
    const able = row.engines.join(' or ');
    throw refuse(text, `the engine ${able} for ${row.name}`, `engine ${engine}`);
  }
  const bank = match[3] === undefined ? undefined : Number(match[3]);
  if (bank !== undefined && row.bank === 'none') {
    throw refuse(text, `${row.usage} without a bank, as it is about the whole disk`, `@${bank}`);
  }
  const effect = row.parse(match[2]);
  if (typeof effect === 'string') {
    throw refuse(text, `${row.usage} with ${effect}`, match[2] === undefined ? 'none' : match[2]);
  }
  return { text, row, effect, ...(bank !== undefined && { bank }) };
}

/** One line a fault, for help and errors. */
export function faultList(engine?: MachineKind): string {
  const rows = faultRows.filter((row) => engine === undefined || row.engines.includes(engine));
  const width = Math.max(...rows.map(({ usage }) => usage.length));
  return rows.map(({ usage, meaning }) => `  ${usage.padEnd(width)}  ${meaning}`).join('\n');
}

/**
 * Binds faults to the banks of a disk; without `@BANK` it is `first`, the bank that the loader would boot
 * as the disk is now. Throws `usage.fault` for a bank that is not there and for two runtime faults of one
 * bank, one of `others` among them.
 */
export function bindFaults(
  faults: readonly NamedFault[],
  disk: { readonly banks: readonly number[]; readonly first: number },
  others: readonly Fault[] = [],
): Fault[] {
  const failing = new Map<number, string>();
  for (const { effect, bank, text } of others) {
    if (effect.on === 'runtime' && bank !== undefined) failing.set(bank, text);
  }
  return faults.map(({ text, row, effect, bank: named }) => {
    const bank = named ?? (row.bank === 'first' ? disk.first : undefined);
    if (bank === undefined) return { text, effect };
    if (!disk.banks.includes(bank)) {
      throw refuse(text, `a bank of the image (${disk.banks.join(', ')})`, `@${bank}`);
    }
    if (effect.on === 'runtime') {
      const other = failing.get(bank);
      if (other !== undefined) throw refuse(text, `one way for bank ${bank} to fail`, other);
      failing.set(bank, text);
    }
    return { text, effect, bank };
  });
}

function refuse(text: string, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'usage',
    'usage.fault',
    `--fault ${text}: expected ${expected}, found ${found}`,
    { data: { fault: text } },
  );
}
