import { appendFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { JournalEvent } from '../../../bootloader/boot-journal.ts';
import { TwinbankError } from '../../../diagnostics/error.ts';
import type { ProgressEvent } from '../../../diagnostics/progress.ts';
import type { Method } from '../../../protocol/json-rpc.ts';
import { RpcError } from '../../../protocol/rpc-error.ts';
import { oneAtATime } from '../../system/mutex.ts';
import { withBankLock } from '../boot/bank-lock.ts';
import { parseOrigin } from './apply-update.ts';
import type { PieceMessage, UpdatePlaces, UpdateTask, WorkerMessage } from './update-message.ts';

export interface UpdateServiceOptions {
  /** Where the disk is; undefined while it was not found. */
  places(): UpdatePlaces | undefined;
  journal(event: JournalEvent): void;
  /** One line for people. */
  tell(line: string): void;
  reboot(why: string): void;
  /** The worker's program; another one in tests. */
  readonly program?: string;
  /** Where bundles are staged; default `/tmp`. */
  readonly folder?: string;
}

export interface UpdateService {
  readonly methods: Readonly<Record<string, Method>>;
  /** Ends what runs, so that the system can end: the bank that is written stays INVALID. */
  cancel(): Promise<void>;
}

type Ended = Extract<WorkerMessage, { type: 'done' | 'failed' }>;

/** A chunk of 512 KiB in base64 fits a line of the protocol. */
const maxPieceBytes = 1 << 19;

/** Updates and rollback of the running system, as methods of vmkd's protocol (docs/vmkd.md). */
export function updateService(options: UpdateServiceOptions): UpdateService {
  const { program = '/usr/lib/twinbank/vmkd-update.mjs', folder = '/tmp' } = options;
  let worker: Worker | undefined;
  let busy = false;
  let progress: ProgressEvent | undefined;
  let step: ProgressEvent | undefined;
  let last: Record<string, unknown> | undefined;
  const inOrder = oneAtATime();
  /** Fires when the worker wants a piece, or has ended. */
  let wanted = signal();

  function hear(message: WorkerMessage): void {
    if (message.type === 'more') wanted.fire();
    if (message.type === 'journal') options.journal(message.event);
    if (message.type !== 'progress') return;
    const { event } = message;
    if (event.type === 'step') {
      step = event;
      options.tell(`update: ${event.title}`);
    } else if (event.type === 'progress') progress = event;
    else if (event.type === 'warning') options.tell(`update: ${event.text}`);
  }

  async function run(task: UpdateTask): Promise<Record<string, unknown>> {
    const running = new Worker(program, { workerData: task });
    worker = running;
    const end = await new Promise<Ended>((resolve) => {
      running.on('message', (message: WorkerMessage) => {
        if (message.type === 'done' || message.type === 'failed') resolve(message);
        else hear(message);
      });
      running.once('error', ({ message }) =>
        resolve({ type: 'failed', code: 'internal', message }),
      );
      running.once('exit', () =>
        resolve({ type: 'failed', code: 'update.ended', message: 'the update was ended' }),
      );
    });
    worker = undefined;
    wanted.fire();
    if (end.type === 'failed') throw new RpcError(end.code, end.message);
    return { ...end.result };
  }

  /** One at a time: what is asked for meanwhile is refused, not kept waiting for minutes. */
  async function alone<T>(work: (places: UpdatePlaces) => Promise<T>): Promise<T> {
    if (busy) throw new RpcError('update.busy', 'expected no other update, found one that runs');
    const places = options.places();
    if (!places) throw new RpcError('update.no-disk', 'expected the disk of the bank, found none');
    busy = true;
    // Now, and not when the worker begins: a caller may be waiting with its first piece by then.
    wanted = signal();
    try {
      return await withBankLock(() => work(places));
    } finally {
      busy = false;
      step = undefined;
      progress = undefined;
    }
  }

  async function apply({ source, reboot = false }: Record<string, unknown>) {
    const origin = asRpcError(() => parseOrigin(source));
    if (typeof reboot !== 'boolean') throw usage('reboot', 'true or false', reboot);
    const outcome = await alone((places) => run({ ...places, task: 'apply', origin })).catch(
      (error: Error) => {
        last = { failed: error.message };
        options.tell(`update failed: ${error.message}`);
        throw error;
      },
    );
    last = outcome;
    options.tell(
      `update ${outcome.outcome}: ${outcome.from} -> ${outcome.to}, bank ${outcome.bank}`,
    );
    const boots = outcome.outcome === 'updated' || outcome.outcome === 'waiting';
    if (reboot && boots) options.reboot(`update to ${outcome.to}`);
    return { ...outcome, rebooting: reboot && boots };
  }

  async function send({ data, end = false }: Record<string, unknown>) {
    const piece = data === undefined ? undefined : bytesOf(data);
    if (busy) await wanted.fired;
    const receiver = worker;
    if (!busy || !receiver)
      throw new RpcError('update.not-wanted', 'expected an update that takes pieces, found none');
    if (piece) {
      wanted = signal();
      receiver.postMessage({ piece } satisfies PieceMessage);
    }
    if (end === true) {
      await wanted.fired;
      wanted = signal();
      worker?.postMessage({ piece: undefined } satisfies PieceMessage);
    }
    return { bytes: piece?.length ?? 0 };
  }

  function stage({ name, offset, data }: Record<string, unknown>) {
    if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw usage('name', 'a file name', name);
    }
    const path = `${folder}/${name}`;
    const bytes = bytesOf(data);
    const there = existsSync(path) ? statSync(path).size : 0;
    if (typeof offset !== 'number' || (offset !== 0 && offset !== there)) {
      throw usage('offset', `0 or ${there}`, offset);
    }
    if (offset === 0) writeFileSync(path, bytes);
    else appendFileSync(path, bytes);
    return { path, bytes: offset + bytes.length };
  }

  async function rollback({ reboot = false }: Record<string, unknown>) {
    if (typeof reboot !== 'boolean') throw usage('reboot', 'true or false', reboot);
    const why = 'asked for by the management interface';
    const outcome = await alone((places) => run({ ...places, task: 'rollback', why }));
    options.tell(`bank ${outcome.bank} rolled back: ${why}`);
    if (reboot) options.reboot('rollback');
    return { ...outcome, rebooting: reboot };
  }

  return {
    methods: {
      'update.apply': apply,
      'update.send': (params) => inOrder(() => send(params)),
      'update.stage': stage,
      'update.status': () => ({
        running: busy,
        step: step ?? null,
        progress: progress ?? null,
        last: last ?? null,
      }),
      'bank.rollback': rollback,
    },
    cancel: async () => {
      await worker?.terminate();
    },
  };
}

function bytesOf(data: unknown): Buffer {
  if (typeof data !== 'string') throw usage('data', 'bytes in base64', data);
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length <= maxPieceBytes && bytes.toString('base64') === data) return bytes;
  throw usage('data', `at most ${maxPieceBytes} bytes in base64`, `${bytes.length} bytes`);
}

function usage(member: string, expected: string, found: unknown): RpcError {
  const text = JSON.stringify(found ?? null).slice(0, 80);
  return new RpcError('usage', `${member}: expected ${expected}, found ${text}`);
}

function asRpcError<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof TwinbankError) throw new RpcError(error.code, error.message);
    throw error;
  }
}

function signal(): { readonly fired: Promise<void>; fire(): void } {
  let fire = (): void => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire };
}
