import { parseSyslogTarget, type SyslogTarget } from '../../../state/syslog-target.ts';
import { LogFile, type LogFileStatus, type LogPage } from './log-file.ts';
import { type LogName, logFiles, logOf } from './log-files.ts';
import {
  facility,
  fileLine,
  type LogMessage,
  oneLine,
  severity,
  wireLimit,
  wireMessage,
} from './log-message.ts';
import { parseMessage } from './parse-message.ts';
import {
  type Link,
  type LinkEvents,
  type RemoteTarget,
  remoteTarget,
  type TargetStatus,
} from './remote-target.ts';

/** What the log needs of the system around it. */
export interface SyslogHost {
  readonly hostname: string;
  /** Where the files are: the agent's own. */
  readonly folder: string;
  readonly fileBytes: number;
  readonly older: number;
  /** Milliseconds since 1970. */
  now(): number;
  openLink(target: SyslogTarget, events: LinkEvents): Link;
}

export interface SyslogService {
  /** A message in its file, and on its way to every target. Never waits, never throws. */
  take(message: LogMessage): void;
  /** The same with what a program has sent ({@link parseMessage}). */
  takeText(text: string): void;
  status(): { readonly files: readonly LogFileStatus[]; readonly targets: readonly TargetStatus[] };
  read(file: LogName, from: number, most: number): LogPage;
  /** Sends nothing any more. */
  stop(): void;
}

/** Octets of a datagram: what every receiver should take (RFC 5424 section 6.1). */
const datagramLimit = 2048;

/** The log of a host, with targets as the settings have them. Throws where the folder takes no files. */
export function syslogService(targets: readonly string[], host: SyslogHost): SyslogService {
  const { hostname, now } = host;
  const files = new Map(logFiles.map(({ name }) => [name, new LogFile({ ...host, name })]));
  const fileOf = (name: LogName): LogFile => {
    const file = files.get(name);
    if (!file) throw new Error(`${name}: expected a log`);
    return file;
  };
  const remotes: { readonly remote: RemoteTarget; readonly limit: number }[] = [];
  const take = (message: LogMessage): void => {
    fileOf(logOf(message)).append(fileLine(message));
    for (const { remote, limit } of remotes) remote.send(wireMessage(message, hostname, limit));
  };
  const report = (why: string): void =>
    take({
      origin: 'syslog',
      facility: facility.syslog,
      severity: severity.warning,
      at: now(),
      program: 'syslog',
      text: oneLine(why),
    });
  for (const name of targets) {
    const target = parseSyslogTarget(name);
    if (!target) {
      report(`${name}: expected a target, nothing is sent there`);
      continue;
    }
    remotes.push({
      limit: target.protocol === 'udp' ? datagramLimit : wireLimit,
      remote: remoteTarget({ name, connect: (events) => host.openLink(target, events), report }),
    });
  }
  return {
    take,
    takeText: (text) => take(parseMessage(text, now())),
    status: () => ({
      files: [...files.values()].map((file) => file.status()),
      targets: remotes.map(({ remote }) => remote.status()),
    }),
    read: (file, from, most) => fileOf(file).read(from, most),
    stop: () => {
      for (const { remote } of remotes) remote.stop();
    },
  };
}
