import { Duplex } from 'node:stream';
import { TwinbankError } from '../../diagnostics/error.ts';
import { parseConsoleLine } from '../../protocol/parse-console-line.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { consoleLog } from '../console/console-log.ts';
import { machineClient } from '../machine/machine-client.ts';
import type { MachineRecord } from '../machine/machine-record.ts';
import type { Rig } from './rig.ts';
import { type RigProcess, type RigProcessOptions, startRigProcess } from './rig-process.ts';

/** The serial console of a rig: one process, from the first power-on until the machine is disposed of. */
export interface SerialLine {
  type(text: string): void;
  /** A power-on begins: the loader's next line is not that of a reset. */
  begin(): void;
  stop(): Promise<void>;
}

/**
 * Listens to a rig's serial line. Nothing else tells of a reset that the machine made itself: the loader speaks again.
 * `onEnd` is told when the line ends by itself.
 */
export function serialLine(
  rig: Rig,
  options: RigProcessOptions,
  record: MachineRecord,
  onEnd: (why: TwinbankError) => void,
): SerialLine {
  const running = startRigProcess(rig.serial, options);
  // Lines only: their times are the record's, by the boot that they belong to.
  const bytes = consoleLog(() => 0);
  let spoken = false;
  let stopped = false;
  bytes.onLine(({ text }) => {
    if (parseConsoleLine(text)?.type === 'loader') {
      if (spoken) record.power({ what: 'reset' });
      spoken = true;
    }
    record.addLine(text);
  });
  running.stdout.on('data', (chunk: Buffer) => bytes.feed(chunk));
  void running.ended.then((problem) => {
    bytes.close();
    if (!stopped) onEnd(serialEnded(rig.serial, problem));
  });
  return {
    type: (text) => void running.stdin.write(text),
    begin() {
      spoken = false;
    },
    async stop() {
      stopped = true;
      await running.stop();
    },
  };
}

function serialEnded(command: string, problem = 'exit code 0'): TwinbankError {
  const message = `rig: serial: expected this command to run as long as the rig is used, found ${problem}: ${command}`;
  return new TwinbankError('boot', 'rig.serial', message);
}

/** A way to vmkd that a rig has, such as the port of a virtual machine; made anew after each loss of power. */
export interface VmkdLine {
  readonly client: RpcClient;
  stop(): Promise<void>;
}

export function vmkdLine(command: string, options: RigProcessOptions): VmkdLine {
  const running: RigProcess = startRigProcess(command, options);
  const { stdout, stdin } = running;
  const client = machineClient(Duplex.from({ readable: stdout, writable: stdin }), 'vmkd');
  return { client, stop: () => running.stop() };
}
