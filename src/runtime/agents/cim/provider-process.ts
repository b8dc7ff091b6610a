import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { onJsonLine } from '../../../protocol/json-lines.ts';
import { CimError, type CimInstance } from './provider.ts';
import type { ProviderDescription } from './provider-description.ts';
import {
  channelDescriptor,
  type FromProvider,
  fromProviderForm,
  messageLimit,
  type ProviderSetup,
  type ToProvider,
} from './provider-message.ts';
import type { Operation } from './provider-operations.ts';

/** A provider as the object manager sees it: it answers in time, or fails. */
export interface ProviderHandle {
  readonly description: ProviderDescription;
  call(operation: Operation): Promise<unknown>;
}

/** The same for whoever started it. */
export interface ProviderProcess extends ProviderHandle {
  start(): void;
  stop(): void;
}

export interface ProviderProcessOptions {
  readonly description: ProviderDescription;
  readonly setup: ProviderSetup;
  /** Program of the process (provider-main.ts, bundled). */
  readonly program: string;
  readonly callTimeoutMs: number;
  /** A provider without a monitor that nobody has asked for so long ends, and starts at the next call. */
  readonly idleMs: number;
  onIndication(className: string, instance: CimInstance): void;
  /** One sentence whenever something of it is not as it should be. */
  onTrouble(why: string): void;
}

/**
 * KiB of private memory. The heap has a limit of its own, so that most of what goes wrong ends with V8's message; what
 * is outside the heap ends with this one. A thread could be limited in its heap only, and would take the agent with
 * it (docs/cim.md).
 */
const memoryKiB = (192 << 10) + reservedKiB(process.versions.node);
const heapMiB = 48;
const pauses = { firstMs: 1000, longestMs: 60_000 };
/**
 * V8 of Node 24 reserves 512 MiB of addresses for code, which the kernel counts as private memory (VmData 550 MB of a process that
 * does nothing, and 24 MB with Node 20); with less it ends before it runs anything. What is reserved takes no memory.
 */
export function reservedKiB(node: string): number {
  return Number(node.split('.')[0]) >= 24 ? 512 << 10 : 0;
}

/** So that a provider that ends at each call does not keep the machine busy. */
const settledMs = 60_000;

/**
 * One provider in a process of its own, started when it is first needed; one that monitors is started at once, and
 * again when it ends, after 1, 2, 4... up to 60 seconds. One that does not monitor ends where nobody asks it any more. A call that takes
 * too long ends the process: nothing else ends a loop.
 */
export function providerProcess(options: ProviderProcessOptions): ProviderProcess {
  const { description, callTimeoutMs, idleMs, onTrouble } = options;
  const label = `${description.origin}/${description.name}`;
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let child: ChildProcess | undefined;
  let nextId = 1;
  let stopped = false;
  let pauseMs = pauses.firstMs;
  let again: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;
  /** Ends the process that runs, which has nothing to do: that is no trouble, and the next call gets another one at once. */
  let rest = (): void => {};

  function start(): ChildProcess {
    if (child) return child;
    const { program, setup } = options;
    const node = [process.execPath, `--max-old-space-size=${heapMiB}`, '--v8-pool-size=1'];
    const limited = `ulimit -d ${memoryKiB} && exec "$@"`;
    const running = spawn(
      '/bin/sh',
      ['-c', limited, 'sh', ...node, program, JSON.stringify(setup)],
      {
        // No channel of Node's: its reader has no limit, and throws at what is no JSON.
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
        cwd: '/',
        env: { PATH: '/usr/bin:/bin' },
      },
    );
    child = running;
    const begun = performance.now();
    let why: string | undefined;
    let over = false;
    const ended = (how: string): void => {
      if (over) return;
      over = true;
      if (child === running) child = undefined;
      const message = `provider ${label} ended: ${why ?? how}`;
      for (const { reject } of waiting.values()) reject(new CimError('failed', message));
      waiting.clear();
      if (stopped) return;
      onTrouble(message);
      if (performance.now() - begun > settledMs) pauseMs = pauses.firstMs;
      if (description.monitors) again = setTimeout(start, pauseMs);
      pauseMs = Math.min(pauseMs * 2, pauses.longestMs);
    };
    rest = () => {
      over = true;
      child = undefined;
      running.kill('SIGKILL');
    };
    const hear = (message: FromProvider): void => {
      if (message.fatal !== undefined) why = message.fatal;
      if (message.monitorEnded !== undefined)
        onTrouble(`monitor of ${label} ended: ${message.monitorEnded}`);
      if (message.indication)
        options.onIndication(message.indication.className, message.indication.instance);
      const call = message.id === undefined ? undefined : waiting.get(message.id);
      if (!call || message.id === undefined) return;
      waiting.delete(message.id);
      if (message.error) call.reject(new CimError(message.error.status, message.error.message));
      else call.resolve(message.result);
    };
    const cut = (reason: string): void => {
      why ??= reason;
      running.kill('SIGKILL');
    };
    const channel = channelOf(running);
    onJsonLine(channel, (message) => hear(fromProviderForm(message, 'its message')), {
      limit: messageLimit,
      onTooLong: () => cut(`it sent a message of more than ${messageLimit} characters`),
      onOther: (what) => cut(`it sent ${what}`),
    });
    channel.on('error', (error) => {
      // One that has ended is told of by its end.
      if (!('syscall' in error)) cut(error.message);
    });
    running.once('error', (error) => ended(error.message));
    running.once('exit', (code, signal) =>
      ended(signal ? `by ${signal}` : `with exit code ${code}`),
    );
    return running;
  }

  return {
    description,
    start: () => {
      if (description.monitors) start();
    },
    stop: () => {
      stopped = true;
      clearTimeout(again);
      clearTimeout(idle);
      child?.kill('SIGKILL');
    },
    call: (operation) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        clearTimeout(idle);
        const running = start();
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(
            new CimError('failed', `provider ${label}: no answer in ${callTimeoutMs / 1000} s`),
          );
          running.kill('SIGKILL');
        }, callTimeoutMs);
        const settle =
          <T>(next: (value: T) => void) =>
          (value: T) => {
            clearTimeout(timer);
            if (waiting.size === 0 && !description.monitors && child === running) {
              clearTimeout(idle);
              idle = setTimeout(rest, idleMs).unref();
            }
            next(value);
          };
        waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
        // A process that has ended meanwhile says so by its end.
        channelOf(running).write(`${JSON.stringify({ id, operation } satisfies ToProvider)}\n`);
      }),
  };
}

/** Where its messages come and go ({@link channelDescriptor}). */
function channelOf({ stdio }: ChildProcess): Duplex {
  return stdio[channelDescriptor] as Duplex;
}
