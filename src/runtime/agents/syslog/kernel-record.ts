import { linePrefix } from '../../../protocol/console-event.ts';
import { facility, type LogMessage, oneLine, severity } from './log-message.ts';

/** A record of the kernel's log. */
export interface KernelRecord {
  /** Its number: they are without a gap but where the kernel has overwritten some. */
  readonly sequence: number;
  readonly message: LogMessage;
}

/**
 * Reads one record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT`, and lines with
 * a device's properties, which are left out. `bootedAt` is when the kernel's clock was 0, milliseconds since 1970. Undefined for
 * what is none.
 *
 * vmkd's lines, and through it those of agents, are in the kernel's log, too. Only the kernel's own have its facility.
 */
export function parseKernelRecord(record: string, bootedAt: number): KernelRecord | undefined {
  const [, digits, sequence, micros, said] =
    /^([0-9]+),([0-9]+),([0-9]+),[^;]*;(.*)$/m.exec(record) ?? [];
  if (digits === undefined || said === undefined) return undefined;
  const priority = Number(digits);
  const text = oneLine(said.replace(/(?:\\x[0-9a-f]{2})+/g, decodeEscapes));
  const base = {
    facility: Math.min(priority >> 3, 23),
    severity: priority & 7,
    at: Math.round(bootedAt + Number(micros) / 1000),
  };
  return { sequence: Number(sequence), message: { ...base, ...saidBy(base, text) } };
}

function saidBy(
  base: Pick<LogMessage, 'facility'>,
  text: string,
): Pick<LogMessage, 'origin' | 'facility' | 'program' | 'text'> {
  if (base.facility === facility.kern) {
    return { origin: 'kernel', facility: facility.kern, program: 'kernel', text };
  }
  if (!text.startsWith(linePrefix)) {
    return { origin: 'local', facility: base.facility, program: 'kmsg', text };
  }
  const rest = text.slice(linePrefix.length);
  // As start-agents.ts has it.
  const [head, name] = /^agent ([a-z][a-z0-9-]{0,31}): /.exec(rest) ?? [];
  return head === undefined || name === undefined
    ? { origin: 'vmkd', facility: facility.daemon, program: 'vmkd', text: rest }
    : { origin: 'agent', facility: facility.daemon, program: name, text: rest.slice(head.length) };
}

/** The kernel escapes what is not printable ASCII, byte by byte: a run of them may be characters of UTF-8. */
function decodeEscapes(run: string): string {
  return Buffer.from(run.replaceAll('\\x', ''), 'hex').toString();
}

/** The note that records were lost: the kernel overwrites what is not read in time. */
export function overwrittenNote(count: number, now: number): LogMessage {
  return {
    origin: 'syslog',
    facility: facility.syslog,
    severity: severity.warning,
    at: now,
    program: 'syslog',
    text: `${count} records of the kernel's log were overwritten unread`,
  };
}
