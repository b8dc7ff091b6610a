import { nearestWord } from '../../recipe/nearest-word.ts';
import { bootFaultRows } from './boot-fault-rows.ts';
import type { MachineKind } from './engine.ts';
import type { BootFaultRow, FaultRow, LiveFault, NamedFault } from './fault.ts';
import { faultError } from './fault-error.ts';
import { faultList, faultName, faultNames } from './fault-text.ts';
import { liveFaultRows } from './live-fault-rows.ts';

/** `NAME[=ARGUMENT][@BANK]`; the bank by the number of its partition. */
const grammar = /^([a-z-]+)(?:=([^@]*))?(?:@(0|[1-9]\d{0,2}))?$/;

/** Why a text is no fault. */
type Problem =
  | { readonly problem: 'unknown' }
  | { readonly problem: 'bank'; readonly usage: string; readonly bank: number }
  | {
      readonly problem: 'argument';
      readonly usage: string;
      readonly expected: string;
      readonly argument: string | undefined;
    };

/** What a row makes of an argument that fits. */
type What<Row extends FaultRow<unknown>> = Exclude<ReturnType<Row['parse']>, string>;

interface Parsed<Row extends FaultRow<unknown>> {
  readonly row: Row;
  readonly what: What<Row>;
  readonly bank: number | undefined;
}

/** The one reader of the grammar, for `--fault`, for scenarios and their matrices. */
function parse<Row extends FaultRow<unknown>>(
  text: string,
  rows: readonly Row[],
): Parsed<Row> | Problem {
  const [, name, argument, number] = grammar.exec(text) ?? [];
  const row = rows.find((one) => one.name === name);
  if (!row) return { problem: 'unknown' };
  const bank = number === undefined ? undefined : Number(number);
  const { usage } = row;
  if (bank !== undefined && row.bank === 'none') return { problem: 'bank', usage, bank };
  const what = row.parse(argument);
  if (typeof what === 'string') return { problem: 'argument', usage, expected: what, argument };
  return { row, what: what as What<Row>, bank };
}

function named(text: string, { row, what, bank }: Parsed<BootFaultRow>): NamedFault {
  return { text, row, effect: what, ...(bank !== undefined && { bank }) };
}

/** Reads a fault of a boot, as `boot --fault` has it. Throws `usage.fault` (kind `usage`) for what this engine cannot play, too. */
export function parseFault(text: string, engine: MachineKind): NamedFault {
  const parsed = parse(text, bootFaultRows);
  if (!('problem' in parsed)) {
    const { engines, name } = parsed.row;
    if (engines.includes(engine)) return named(text, parsed);
    throw faultError(text, `the engine ${engines.join(' or ')} for ${name}`, `engine ${engine}`);
  }
  switch (parsed.problem) {
    case 'unknown':
      throw faultError(text, `one of\n${faultList(engine)}\n`, 'no such fault');
    case 'bank': {
      const expected = `${parsed.usage} without a bank, as it is about the whole disk`;
      throw faultError(text, expected, `@${parsed.bank}`);
    }
    case 'argument': {
      const { usage, expected, argument = 'none' } = parsed;
      throw faultError(text, `${usage} with ${expected}`, argument);
    }
  }
}

/** What is no fault; `candidates` are those that may have been meant. */
export interface Refusal {
  readonly expected: string;
  readonly found: string;
  readonly candidates: readonly string[];
}

/** Reads a fault as scenarios have it: of a boot, or one that comes and goes while the machine runs. */
export function parseScenarioFault(text: string): NamedFault | LiveFault | Refusal {
  const live = parse(text, liveFaultRows);
  if (!('problem' in live)) return live.what;
  const parsed = live.problem === 'unknown' ? parse(text, bootFaultRows) : live;
  if (!('problem' in parsed)) return named(text, parsed);
  const found = JSON.stringify(text);
  switch (parsed.problem) {
    case 'unknown': {
      // The suggestion says more than the whole list.
      const near = nearestWord(faultName(text), faultNames);
      const expected = near === null ? `a fault: one of ${faultNames.join(', ')}` : 'a fault';
      return { expected, found, candidates: faultNames };
    }
    case 'bank':
      return {
        expected: `${parsed.usage} without a bank`,
        found: `"@${parsed.bank}"`,
        candidates: [],
      };
    case 'argument':
      return { expected: `${parsed.usage} with ${parsed.expected}`, found, candidates: [] };
  }
}
