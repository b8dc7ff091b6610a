import type { Caller, Method } from '../protocol/json-rpc.ts';
import { RpcError } from '../protocol/rpc-error.ts';
import type { Ending } from './host-port.ts';
import { mutex } from './mutex.ts';
import { parseChunk, parseFlag, usage } from './params.ts';
import { type ActivityPort, updateActivity } from './update-activity.ts';
import { type AppliedUpdate, parseOrigin } from './update-task.ts';

export interface UpdatePort extends ActivityPort {
  /** Bundles in `/tmp`, by their names. */
  readonly staged: {
    /** Bytes that are there; 0 where there is no such file. */
    size(name: string): number;
    /** Writes from `offset` on, which is 0 or the end. */
    write(name: string, offset: number, bytes: Uint8Array): void;
  };
  /** Ends the system once the answer has gone out. */
  end(how: Ending, why: string): void | Promise<void>;
}

export interface UpdateService {
  readonly methods: Readonly<Record<string, Method>>;
  /** Ends what runs, so that the system can end: the bank that is written stays INVALID. Nothing begins any more after it. */
  cancel(): Promise<void>;
}

/** Updates and rollback of the running system, as methods of vmkd's protocol (docs/vmkd.md). */
export function updateService(port: UpdatePort): UpdateService {
  let last: AppliedUpdate | { readonly failed: string } | undefined;
  const activity = updateActivity(port);
  const inOrder = mutex();

  async function apply(params: Record<string, unknown>, caller?: Caller) {
    const origin = parseOrigin(params.source);
    const reboot = parseFlag('reboot', params.reboot);
    const allowOlder = parseFlag('allowOlder', params.allowOlder);
    const task = { task: 'apply', origin, allowOlder } as const;
    const done = await activity.run(task, caller?.gone).catch((error) => {
      last = { failed: error.message };
      port.line(`update failed: ${error.message}`);
      throw error;
    });
    last = done;
    const { outcome, from, to, bank } = done;
    port.line(`update ${outcome}: ${from} -> ${to}, bank ${bank}`);
    const rebooting = reboot && (outcome === 'updated' || outcome === 'waiting');
    if (rebooting) await port.end('reboot', `update to ${to}`);
    return { ...done, rebooting };
  }

  async function send({ data, end = false }: Record<string, unknown>) {
    const chunk = data === undefined ? undefined : parseChunk(data);
    const chunks = activity.now()?.chunks;
    if (!chunks || !(await chunks.wanted())) {
      throw new RpcError('update.not-wanted', 'expected an update that takes chunks, found none');
    }
    if (chunk) chunks.give(chunk);
    // An update that reads no further has all that it needs, or says itself what went wrong.
    if (end === true && (await chunks.wanted())) chunks.give(undefined);
    return { bytes: chunk?.length ?? 0 };
  }

  function stage({ name, offset, data }: Record<string, unknown>) {
    if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      throw usage('name', 'a file name', name);
    }
    const bytes = parseChunk(data);
    const there = port.staged.size(name);
    if (typeof offset !== 'number' || (offset !== 0 && offset !== there)) {
      throw usage('offset', `0 or ${there}`, offset);
    }
    port.staged.write(name, offset, bytes);
    return { path: `/tmp/${name}`, bytes: offset + bytes.length };
  }

  async function rollback(params: Record<string, unknown>) {
    const reboot = parseFlag('reboot', params.reboot);
    const why = 'asked for by the management interface';
    const done = await activity.run({ task: 'rollback', why });
    port.line(`bank ${done.bank} rolled back: ${why}`);
    if (reboot) await port.end('reboot', 'rollback');
    return { ...done, rebooting: reboot };
  }

  async function cancel() {
    return { cancelled: await activity.cancel('asked for by update.cancel') };
  }

  function status() {
    const now = activity.now();
    const { step = null, progress = null } = now ?? {};
    return { running: now !== undefined, step, progress, last: last ?? null };
  }

  return {
    methods: {
      'update.apply': apply,
      'update.cancel': cancel,
      'update.send': (params) => inOrder(() => send(params)),
      'update.stage': stage,
      'update.status': status,
      'bank.rollback': rollback,
    },
    cancel: activity.end,
  };
}
