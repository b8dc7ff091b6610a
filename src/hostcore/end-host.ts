import type { JournalEvent } from '../bootloader/boot-journal.ts';
import { consoleText } from '../protocol/console-line.ts';
import type { Method } from '../protocol/json-rpc.ts';
import { type Ending, endings } from './host-port.ts';
import { usage } from './params.ts';

/** What is done before a host ends in order; what it has not started yet does nothing. */
export interface EndingHost {
  /** Partition of the bank that runs; 0 where no loader chose one. */
  readonly bank: number;
  /** One line for people. */
  line(text: string): void;
  /** Never throws. */
  journal(event: JournalEvent): void;
  cancelUpdate(): Promise<void>;
  saveChanges(): Promise<void>;
  /** A disk that hangs, or an update that takes long, must not keep the system from its end. */
  saveTimeout(): Promise<void>;
}

/** One that has started nothing yet. */
export function endingHost(known: Pick<EndingHost, 'bank' | 'line' | 'saveTimeout'>): {
  -readonly [Name in keyof EndingHost]: EndingHost[Name];
} {
  const nothing = async (): Promise<void> => {};
  return { ...known, journal: () => {}, cancelUpdate: nothing, saveChanges: nothing };
}

/** Does what has to be done before the power goes or the machine is reset (docs/vmkd.md, "How the system ends"). */
export async function prepareEnd(host: EndingHost, how: Ending, why: string): Promise<void> {
  host.line(consoleText({ type: how === 'reboot' ? 'rebooting' : 'shutting-down', why }));
  host.cancelUpdate().catch(() => {});
  host.journal({ event: 'shutdown', bank: host.bank, why });
  await Promise.race([host.saveChanges(), host.saveTimeout()]).catch(() => {});
}

/** The method by which somebody ends the system; `end` is called before it answers, and acts after that. */
export function shutdownMethod(end: (how: Ending, why: string) => void | Promise<void>): Method {
  return async ({ mode = 'power-off' }) => {
    const how = endings.find((one) => one === mode);
    if (!how) throw usage('mode', 'power-off or reboot', mode);
    await end(how, 'asked for by the management interface');
    return { mode: how };
  };
}
