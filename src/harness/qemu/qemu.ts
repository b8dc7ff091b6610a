import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { outlivesTerminal } from '../../host/ignored-hangup.ts';
import { toolMissing } from '../../host/run-tool.ts';
import { socketFolder } from '../../host/temporary-folder.ts';
import type { RpcClient } from '../../protocol/rpc-client.ts';
import { type ConsoleLog, consoleLog } from '../console/console-log.ts';
import { machineClient } from '../machine/machine-client.ts';
import { chooseAccelerator } from './accelerator.ts';
import { makeAddedDisks } from './added-disks.ts';
import type { MachineOptions } from './machine.ts';
import { machineFiles, ovmfVariables } from './machine-files.ts';
import { qemuArguments } from './qemu-arguments.ts';
import { notRunning, qemu } from './qemu-complaint.ts';

/** How a machine's life ended, by itself or by us. */
export interface MachineEnd {
  /** QEMU's own words for a shutdown: `guest-shutdown`, `guest-reset`, `guest-panic`, `host-qmp-quit`… */
  readonly reason: string;
  /** What QEMU wrote to its standard error. */
  readonly errors: string;
}

export interface QemuMachine {
  readonly console: ConsoleLog;
  /** The console's bytes as they come, control sequences and all; those of its first moment to the first who asks. */
  onOutput(listener: (bytes: Uint8Array) => void): void;
  /** Characters for the serial console, as if typed. */
  type(text: string | Uint8Array): void;
  /** QEMU's machine protocol. */
  readonly qmp: RpcClient;
  /** What QEMU tells unasked: `RESET`, `SHUTDOWN`… with its data. */
  onEvent(listener: (name: string, data: Readonly<Record<string, unknown>>) => void): void;
  /** vmkd inside the machine, over its virtio-serial port. */
  readonly vmkd: RpcClient;
  /** The port itself, for whoever speaks for many; `vmkd` is not used beside that. */
  readonly vmkdPort: Duplex;
  /** Seconds since QEMU was started. */
  seconds(): number;
  readonly ended: Promise<MachineEnd>;
  /** Ends QEMU and removes every file of it; a machine that has ended already is no error. */
  stop(): Promise<void>;
}

/**
 * Starts a virtual machine. Throws `host.tool-missing`, `harness.qemu` with QEMU's own words, and the
 * signal's reason once it is aborted; nothing of the machine is left then, no process and no file.
 */
export async function startQemu(
  options: MachineOptions,
  signal?: AbortSignal,
): Promise<QemuMachine> {
  signal?.throwIfAborted();
  const folder = socketFolder('machine');
  const files = machineFiles(folder.path, options);
  const removeFiles = folder.remove;
  const listeners = [files.console, files.qmp, files.vmkd].map(acceptOne);
  let running: Running | undefined;
  try {
    if (options.firmware === 'uefi' && options.firmwareVariables === undefined) {
      await newFirmwareVariables(files.firmwareVariables);
    }
    await makeAddedDisks(files.addedDisks, options.disks);
    signal?.throwIfAborted();
    running = launch(qemuArguments(options, files, chooseAccelerator(options.accelerator)), signal);
    const { failed } = running;
    const connected = Promise.all(listeners.map(({ socket }) => socket));
    const [serial, control, port] = await Promise.race([connected, failed]);
    if (!serial || !control || !port) throw notRunning('it did not connect');
    return await attach(running, { serial, control, port }, removeFiles);
  } catch (error) {
    running?.kill();
    for (const { abandon } of listeners) abandon();
    await running?.exit;
    await removeFiles();
    signal?.throwIfAborted();
    throw error;
  }
}

/** The variables of a new machine's firmware. Throws `host.tool-missing`. */
export async function newFirmwareVariables(path: string): Promise<void> {
  if (!existsSync(ovmfVariables)) throw toolMissing('OVMF');
  await copyFile(ovmfVariables, path);
}

/** Its end and the last of what it wrote to its standard error; `missing`: a program that is not there. */
interface Exit {
  readonly errors: string;
  readonly missing?: string;
}

/** QEMU as a process. */
interface Running {
  /** Seconds since it was started. */
  seconds(): number;
  kill(): void;
  readonly exit: Promise<Exit>;
  /** Rejects when it ends. */
  readonly failed: Promise<never>;
}

function launch(args: readonly string[], signal: AbortSignal | undefined): Running {
  const started = performance.now();
  // A machine must not outlive us, whatever way we end: a SIGKILL of ours is one of its own.
  const childArgs = ['--pdeathsig', 'KILL', '--', qemu, ...args];
  const child = spawn('setpriv', childArgs, {
    detached: outlivesTerminal,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  signal?.addEventListener('abort', kill, { once: true });
  const exit = followExit(child).finally(() => {
    process.removeListener('exit', kill);
    signal?.removeEventListener('abort', kill);
  });
  const failed = exit.then(({ errors, missing }) => {
    throw missing ? toolMissing(missing) : notRunning(errors);
  });
  // Of interest only until the machine runs.
  failed.catch(() => {});
  return { seconds: () => (performance.now() - started) / 1000, kill, exit, failed };
}

interface Connections {
  readonly serial: Socket;
  readonly control: Socket;
  readonly port: Socket;
}

/** Bytes of a console before somebody can ask for them: the machine runs as soon as QEMU does. */
const mostEarly = 16 << 10;

/** The machine over its three connections, once QEMU takes orders. */
async function attach(
  { seconds, kill, exit }: Running,
  { serial, control, port }: Connections,
  removeFiles: () => Promise<void>,
): Promise<QemuMachine> {
  const console = consoleLog(seconds);
  let early: Buffer | undefined = Buffer.alloc(0);
  serial.on('data', (chunk: Buffer) => {
    console.feed(chunk);
    if (early && early.length < mostEarly) early = Buffer.concat([early, chunk]);
  });
  let reason = 'host-signal';
  let full: string | undefined;
  const listeners = new Set<Parameters<QemuMachine['onEvent']>[0]>();
  const qmp = machineClient(control, 'qmp', ({ event, data }) => {
    const facts = (data ?? {}) as Readonly<Record<string, unknown>>;
    if (event === 'SHUTDOWN') reason = String(facts.reason);
    // QEMU stops the machine until somebody makes room: here nobody would.
    if (event === 'BLOCK_IO_ERROR' && facts.nospace === true && facts.action === 'stop') {
      full = 'no space is left on the file system of its disk; free some, or set TMPDIR to another';
      kill();
    }
    for (const listener of [...listeners]) listener(String(event), facts);
  });
  let vmkd: RpcClient | undefined;
  // What it wrote last is still to be read when QEMU has gone.
  const read = Promise.all([closed(serial).then(() => console.close()), closed(control)]);
  const ended = Promise.all([exit, read]).then(async ([{ errors }]) => {
    await removeFiles();
    return { reason, errors: full ?? errors };
  });
  await qmp.call('qmp_capabilities').catch(async (error: unknown) => {
    kill();
    // What QEMU has to say against its options comes after it connected, and says more.
    const { errors } = await ended;
    throw errors ? notRunning(errors) : error;
  });
  return {
    console,
    onOutput: (listener) => {
      if (early && early.length > 0) listener(early);
      early = undefined;
      serial.on('data', listener);
    },
    type: (text) => void serial.write(text),
    qmp,
    onEvent: (listener) => void listeners.add(listener),
    get vmkd() {
      vmkd ??= machineClient(port, 'vmkd');
      return vmkd;
    },
    vmkdPort: port,
    seconds,
    ended,
    stop: async () => {
      kill();
      await ended;
    },
  };
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** The one connection that QEMU makes to a socket of ours; `abandon` gives up waiting, or closes it. */
function acceptOne(path: string): { socket: Promise<Socket>; abandon(): void } {
  const server = createServer();
  let accepted: Socket | undefined;
  const socket = new Promise<Socket>((resolve, reject) => {
    server.once('connection', (connection) => {
      accepted = connection.on('error', () => {});
      server.close();
      resolve(connection);
    });
    server.once('error', reject);
    server.listen(path);
  });
  // Asked about only when QEMU has been started.
  socket.catch(() => {});
  const abandon = (): void => {
    server.close();
    accepted?.destroy();
  };
  return { socket, abandon };
}

/** So much of QEMU's standard error is kept, from its end. */
const maxErrors = 16 << 10;

function followExit(child: ChildProcess): Promise<Exit> {
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors = (errors + chunk).slice(-maxErrors);
  });
  return new Promise((resolve) => {
    child.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      resolve({ errors: message, ...(code === 'ENOENT' && { missing: 'setpriv' }) });
    });
    child.once('close', (code) => {
      const missing = code === 127 && errors.startsWith('setpriv: failed to execute');
      resolve({ errors: errors.trim(), ...(missing && { missing: qemu }) });
    });
  });
}
