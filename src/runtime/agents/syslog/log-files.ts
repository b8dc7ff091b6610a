import { facility, type LogMessage } from './log-message.ts';

/** One log of the host: its name, and which messages are in it. */
interface LogRow {
  readonly name: string;
  /** For people. */
  readonly what: string;
  takes(message: LogMessage): boolean;
}

const isAuth = ({ facility: of }: LogMessage): boolean =>
  of === facility.auth || of === facility.authpriv || of === facility.audit;

/** Each message is in the first that takes it. */
export const logFiles = [
  { name: 'vmkernel', what: 'the kernel', takes: ({ origin }) => origin === 'kernel' },
  { name: 'vmkd', what: 'vmkd', takes: ({ origin }) => origin === 'vmkd' },
  { name: 'agents', what: 'the agents', takes: ({ origin }) => origin === 'agent' },
  { name: 'auth', what: 'who logs in (facilities auth, authpriv, audit)', takes: isAuth },
  { name: 'syslog', what: 'all other programs, and the log itself', takes: () => true },
] as const satisfies readonly LogRow[];

export type LogName = (typeof logFiles)[number]['name'];

export const logNames: readonly LogName[] = logFiles.map(({ name }) => name);

export function logOf(message: LogMessage): LogName {
  return logFiles.find(({ takes }) => takes(message))?.name ?? 'syslog';
}

/** Where they are; the folder is the agent's own, in memory. */
export const logFolder = '/var/log/vmware';

/** 512 KiB and three older ones of each: 10 MiB in all, in a folder of 12 MiB. */
export const logLimits = { fileBytes: 512 << 10, older: 3, folderBytes: 12 << 20 };
