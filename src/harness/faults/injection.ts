import { nearestWord } from '../../recipe/nearest-word.ts';
import type { LiveFault } from '../machine/test-machine.ts';
import { parseDuration } from '../scenario/fields.ts';
import { faultRows } from './fault.ts';
import type { NamedFault } from './fault-text.ts';

/** A fault as a scenario names it: one of a boot, or one that comes and goes while the machine runs. */
export type Injection =
  | { readonly type: 'boot'; readonly fault: NamedFault }
  | { readonly type: 'live'; readonly fault: LiveFault };

export interface Refusal {
  readonly expected: string;
  readonly found: string;
  readonly words: readonly string[];
}

interface LiveRow {
  readonly name: string;
  readonly usage: string;
  readonly meaning: string;
  /** The fault, or what was expected of the argument. */
  parse(argument: string | undefined): LiveFault | string;
}

/** Faults that act at once; `heal` ends them. */
export const liveRows: readonly LiveRow[] = [
  {
    name: 'io-error',
    usage: 'io-error=read|write[:PARTITION]',
    meaning: 'every read or write of the disk, or of a partition, fails',
    parse(argument = '') {
      const [, on, partition] = /^(read|write)(?::(\d{1,3}))?$/.exec(argument) ?? [];
      if (on !== 'read' && on !== 'write') return 'read or write, with :PARTITION';
      return { live: 'io-error', on, ...(partition && { partition: Number(partition) }) };
    },
  },
  {
    name: 'disk-latency',
    usage: 'disk-latency=TIME',
    meaning: 'the disk answers late by so much',
    parse(argument = '') {
      const milliseconds = parseDuration(argument);
      return milliseconds ? { live: 'disk-latency', milliseconds } : 'a time such as 200ms';
    },
  },
  {
    name: 'network-down',
    usage: 'network-down',
    meaning: 'the cable is out',
    parse: (argument) => (argument === undefined ? { live: 'network-down' } : 'no argument'),
  },
  {
    name: 'clock-jump',
    usage: 'clock-jump=SECONDS',
    meaning: 'the hardware clock is moved by so many seconds, either way',
    parse(argument = '') {
      const right = /^[+-]?\d{1,10}$/.test(argument) && Number(argument) !== 0;
      return right ? { live: 'clock-jump', seconds: Number(argument) } : 'seconds such as -3600';
    },
  },
  {
    name: 'disk-full',
    usage: 'disk-full=PATH',
    meaning: 'the file system at a path of the host is full, such as /tmp',
    parse: (path) =>
      path?.startsWith('/') ? { live: 'disk-full', path } : 'an absolute path such as /tmp',
  },
];

const names = [...faultRows, ...liveRows].map(({ name }) => name);

/** The fault that was probably meant, without what comes after its name. */
export function nearestFault(text: string, words: readonly string[]): string | null {
  return nearestWord(text.split(/[=@]/)[0] ?? '', words);
}

/** Reads `NAME[=ARGUMENT][@BANK]`; says what was expected of what is no fault. */
export function parseInjection(text: string): Injection | Refusal {
  const match = /^([a-z-]+)(?:=([^@]*))?(?:@(\d{1,3}))?$/.exec(text);
  const name = match?.[1] ?? text.split(/[=@]/)[0] ?? text;
  const bank = match?.[3] === undefined ? undefined : Number(match[3]);
  const argument = match?.[2];
  const live = liveRows.find((row) => row.name === name);
  if (match && live && bank === undefined) {
    const fault = live.parse(argument);
    if (typeof fault !== 'string') return { type: 'live', fault };
    return { expected: `${live.usage} with ${fault}`, found: JSON.stringify(text), words: [] };
  }
  const row = faultRows.find((one) => one.name === name);
  if (!match || !row) {
    const known = nearestWord(name, names) === null;
    const expected = known ? `a fault: one of ${names.join(', ')}` : 'a fault';
    return { expected, found: JSON.stringify(text), words: names };
  }
  if (bank !== undefined && row.bank === 'none') {
    return { expected: `${row.usage} without a bank`, found: `"@${bank}"`, words: [] };
  }
  const effect = row.parse(argument);
  if (typeof effect === 'string') {
    return { expected: `${row.usage} with ${effect}`, found: JSON.stringify(text), words: [] };
  }
  return { type: 'boot', fault: { text, row, effect, ...(bank !== undefined && { bank }) } };
}
