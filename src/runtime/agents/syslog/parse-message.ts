import { facility, type LogMessage, oneLine, severity } from './log-message.ts';

/** RFC 5424 section 6.3: elements in brackets with quoted values, in which a backslash escapes. */
const element = /\[[!#-<>-\\^-~]{1,32}(?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\.)*")*\]/y;

/**
 * Reads a message as programs of the host send it: of RFC 5424 (`<PRI>1 ...`), of RFC 3164 (`<PRI>Mmm dd hh:mm:ss TAG[PID]: ...`, as
 * syslog(3) writes it, without a host name), or any text. Never throws: what is not understood is text. `now`
 * is its time, milliseconds since 1970: a program cannot date its messages.
 */
export function parseMessage(text: string, now: number): LogMessage {
  const [head = '', digits] = /^<([0-9]{1,3})>/.exec(text) ?? [];
  const value = digits === undefined ? facility.user * 8 + severity.notice : Number(digits);
  const right = value < 192;
  const given = right ? value >> 3 : facility.user;
  const message = {
    origin: 'local' as const,
    // Nobody but the kernel speaks for the kernel.
    facility: given === facility.kern ? facility.user : given,
    severity: right ? value & 7 : severity.notice,
    at: now,
  };
  const rest = text.slice(head.length);
  return { ...message, ...(parseRfc5424(rest) ?? parseRfc3164(rest)) };
}

type Parsed = Pick<LogMessage, 'program' | 'pid' | 'messageId' | 'structured' | 'text'>;

function parseRfc5424(text: string): Parsed | undefined {
  // Version, time, host, program, process, kind.
  const [head, program, pid, messageId] = /^1 \S+ \S+ (\S+) (\S+) (\S+) /.exec(text) ?? [];
  if (head === undefined || program === undefined) return undefined;
  const end = endOfStructured(text, head.length);
  if (end === undefined) return undefined;
  const structured = text.slice(head.length, end);
  return {
    program: nameOf(program),
    ...(pid !== '-' && { pid: oneLine(pid ?? '') }),
    ...(messageId !== '-' && { messageId: oneLine(messageId ?? '') }),
    ...(structured !== '-' && { structured: oneLine(structured) }),
    text: oneLine(text.slice(end).replace(/^ \uFEFF?/, '')),
  };
}

/** Where structured data that begins at `start` is over; undefined where it is none. */
function endOfStructured(text: string, start: number): number | undefined {
  let end = start;
  if (text[end] === '-') end++;
  else {
    for (element.lastIndex = end; element.test(text); element.lastIndex = end) {
      end = element.lastIndex;
    }
  }
  return end > start && (end === text.length || text[end] === ' ') ? end : undefined;
}

function parseRfc3164(text: string): Parsed {
  const rest = text.replace(/^[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} /, '');
  const [head, program, pid] = /^([^\s:[\]]{1,64})(?:\[([0-9]{1,10})\])?: ?/.exec(rest) ?? [];
  if (head === undefined || program === undefined) return { program: '-', text: oneLine(rest) };
  return {
    program: nameOf(program),
    ...(pid !== undefined && { pid }),
    text: oneLine(rest.slice(head.length)),
  };
}

function nameOf(program: string): string {
  return oneLine(program).slice(0, 64) || '-';
}
