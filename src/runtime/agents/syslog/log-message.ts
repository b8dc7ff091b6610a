/** One message of the log, whoever has said it. */
export interface LogMessage {
  /** Who it came from decides on its file: a program that calls itself the kernel is not the kernel. */
  readonly origin: 'kernel' | 'vmkd' | 'agent' | 'local' | 'syslog';
  /** RFC 5424 section 6.2.1: 0 (kern) to 23 (local7), and 0 (emerg) to 7 (debug). */
  readonly facility: number;
  readonly severity: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Name of the program, without blanks. */
  readonly program: string;
  readonly pid?: string;
  /** Of RFC 5424 only: what kind of message it is, and its structured data in brackets. */
  readonly messageId?: string;
  readonly structured?: string;
  /** One line without control characters. */
  readonly text: string;
}

export const facility = {
  kern: 0,
  user: 1,
  daemon: 3,
  auth: 4,
  syslog: 5,
  authpriv: 10,
  audit: 13,
};
export const severity = { error: 3, warning: 4, notice: 5, info: 6 };

/** As syslog.conf(5) names them. */
const facilityNames = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron'],
  ...['authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
];
const severityNames = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** Makes one line of any text: it ends up on terminals, and in files whose lines others read. */
export function oneLine(text: string): string {
  return text
    .replace(/[\t\r\n]+/g, ' ')
    .replace(/\p{Cc}/gu, '?')
    .trim();
}

/** A message as it stands in a file, with the end of the line. */
export function fileLine({ at, program, pid, text, ...message }: LogMessage): string {
  const priority = `${facilityNames[message.facility]}.${severityNames[message.severity]}`;
  const data = message.structured === undefined ? '' : ` ${message.structured}`;
  const who = pid === undefined ? program : `${program}[${pid}]`;
  return `${new Date(at).toISOString()} ${priority} ${who}:${data} ${text}\n`;
}

/** Octets of a message on its way: what every receiver should take (RFC 5424 section 6.1), and what most do. */
export const wireLimit = 8192;

/** A message as RFC 5424 section 6 has it, UTF-8, cut where it is longer than `limit` octets. */
export function wireMessage(message: LogMessage, hostname: string, limit = wireLimit): Buffer {
  const { at, program, pid, messageId = '-', structured = '-', text } = message;
  const priority = message.facility * 8 + message.severity;
  // Names are printable ASCII of at most so many characters.
  const header = [
    `<${priority}>1 ${new Date(at).toISOString()} ${field(hostname, 255)} ${field(program, 48)}`,
    `${field(pid ?? '-', 128)} ${field(messageId, 32)} ${structured}`,
  ].join(' ');
  const whole = Buffer.from(`${header} ${text}`);
  if (whole.length <= limit) return whole;
  // Not within a character: those of UTF-8 go on with 10xxxxxx.
  let end = limit;
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end--;
  return whole.subarray(0, end);
}

function field(text: string, most: number): string {
  return text.replace(/[^!-~]/g, '?').slice(0, most) || '-';
}
