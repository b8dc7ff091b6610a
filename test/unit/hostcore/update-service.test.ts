import { describe, expect, it } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { mutex } from '../../../src/hostcore/mutex.ts';
import type { RunningTask, StartTask } from '../../../src/hostcore/update-activity.ts';
import { taskEnded } from '../../../src/hostcore/update-activity.ts';
import type { UpdatePort } from '../../../src/hostcore/update-service.ts';
import { updateService } from '../../../src/hostcore/update-service.ts';
import type { TaskChannel, TaskResult, UpdateTask } from '../../../src/hostcore/update-task.ts';
import { RpcError } from '../../../src/protocol/rpc-error.ts';

const about = { bank: 6, from: '1.0-1', to: '1.1-1' };

/** Plays a task by the name of its bundle. */
async function play(task: UpdateTask, channel: TaskChannel, ended: Promise<never>) {
  if (task.task === 'rollback') return { bank: 5 };
  const path = task.origin.from === 'file' ? task.origin.path : '';
  if (path === '/tmp/broken.tbu') {
    channel.journal({ event: 'update', step: 'begun', ...about });
    throw new RpcError('bundle.hash', 'broken.tbu: expected another hash');
  }
  if (path === '/tmp/crash.tbu') throw new Error('the task broke');
  if (path === '/tmp/slow.tbu') {
    channel.progress({ type: 'step', step: 3, of: 5, title: 'Write bank 6' });
    channel.progress({ type: 'progress', task: 'write', done: 1, total: 2, unit: 'bytes' });
    return ended;
  }
  let text = '';
  const next = () => Promise.race([channel.nextChunk(), ended]);
  if (task.origin.from === 'caller') {
    for (let chunk = await next(); chunk; chunk = await next()) {
      text += Buffer.from(chunk).toString();
      if (text.endsWith('enough')) break;
    }
  }
  return { outcome: path === '/tmp/same.tbu' ? 'running' : 'updated', ...about, text };
}

const start: StartTask = <Task extends UpdateTask>(task: Task, channel: TaskChannel) => {
  let end = (_why: Error): void => {};
  const ended = new Promise<never>((_resolve, reject) => {
    end = reject;
  });
  ended.catch(() => {});
  const result = play(task, channel, ended) as Promise<unknown> as Promise<TaskResult<Task>>;
  const cancel = async () => end(taskEnded());
  const running: RunningTask<TaskResult<Task>> = { result, cancel, interrupt: end };
  return running;
};

function service(
  disk: StartTask | undefined = start,
  withBankLock: UpdatePort['withBankLock'] = async (work) => work(),
) {
  const lines: string[] = [];
  const journal: unknown[] = [];
  const reboots: string[] = [];
  const files = new Map<string, Buffer>();
  const made = updateService({
    disk: () => disk,
    withBankLock,
    staged: {
      size: (name) => files.get(name)?.length ?? 0,
      write(name, offset, bytes) {
        const before = files.get(name)?.subarray(0, offset) ?? Buffer.alloc(0);
        files.set(name, Buffer.concat([before, bytes]));
      },
    },
    journal: (event) => void journal.push(event),
    line: (line) => void lines.push(line),
    end: (how, why) => void reboots.push(`${how}: ${why}`),
  });
  const call = async (method: string, params: Record<string, unknown> = {}) =>
    made.methods[method]!(params);
  return { ...made, call, lines, journal, reboots, files };
}
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A service whose disk was not found. */
function updatesWithoutDisk() {
  const none = (): undefined => undefined;
  const { methods } = updateService({
    disk: none,
    withBankLock: async (work) => work(),
    staged: { size: () => 0, write: none },
    journal: none,
    line: none,
    end: none,
  });
  return { call: async (method: string, params: object) => methods[method]!({ ...params }) };
}

describe('update.apply', () => {
  it('answers with what became of it, and reboots only when it is asked to', async () => {
    const { call, lines, reboots } = service();
    expect(await call('update.apply', { source: '/tmp/good.tbu' })).toMatchObject({
      outcome: 'updated',
      rebooting: false,
    });
    expect(reboots).toEqual([]);
    await call('update.apply', { source: '/tmp/good.tbu', reboot: true });
    expect(reboots).toEqual(['reboot: update to 1.1-1']);
    expect(lines.at(-1)).toBe('update updated: 1.0-1 -> 1.1-1, bank 6');
  });

  it('does not reboot for a bundle that the host has already', async () => {
    const { call, reboots } = service();
    expect(await call('update.apply', { source: '/tmp/same.tbu', reboot: true })).toMatchObject({
      rebooting: false,
    });
    expect(reboots).toEqual([]);
  });

  it('fails with the code and the sentence of what went wrong, and tells the journal', async () => {
    const { call, journal, lines } = service();
    await expect(call('update.apply', { source: '/tmp/broken.tbu' })).rejects.toMatchObject({
      code: 'bundle.hash',
      message: 'broken.tbu: expected another hash',
    });
    expect(journal).toHaveLength(1);
    expect(lines.at(-1)).toBe('update failed: broken.tbu: expected another hash');
    expect(await call('update.status')).toMatchObject({
      running: false,
      last: { failed: 'broken.tbu: expected another hash' },
    });
  });

  it('survives a task that breaks, and takes the next bundle', async () => {
    const { call } = service();
    await expect(call('update.apply', { source: '/tmp/crash.tbu' })).rejects.toThrow('broke');
    expect(await call('update.apply', { source: '/tmp/good.tbu' })).toHaveProperty('outcome');
  });

  it.each([undefined, '/etc/shadow', '/tmp/../etc/shadow', '/tmp/..', 'ftp://x/y', 5])(
    'refuses %j as a source',
    async (source) => {
      const { call } = service();
      await expect(call('update.apply', { source })).rejects.toMatchObject({ code: 'usage' });
    },
  );

  it('refuses a second one while the first runs, tells how far it is, and can be ended', async () => {
    const { call, cancel } = service();
    const first = call('update.apply', { source: '/tmp/slow.tbu' });
    const ended = expect(first).rejects.toMatchObject({ code: 'update.ended' });
    await expect(call('update.apply', { source: '/tmp/good.tbu' })).rejects.toMatchObject({
      code: 'update.busy',
    });
    await expect
      .poll(() => call('update.status'))
      .toMatchObject({
        running: true,
        step: { step: 3, of: 5 },
        progress: { done: 1, total: 2 },
      });
    await cancel();
    await ended;
  });

  it.each([
    ['update.apply', { source: '/tmp/good.tbu' }],
    ['bank.rollback', {}],
  ])('says why nothing may be written to the disk: %s', async (method, params) => {
    const { methods } = updateService({
      disk: () => {
        throw new TwinbankError('refused', 'bank.ambiguous', 'bank: found two');
      },
      withBankLock: async (work) => work(),
      staged: { size: () => 0, write: () => {} },
      journal: () => {},
      line: () => {},
      end: () => {},
    });
    const call = async () => methods[method]!(params);
    await expect(call()).rejects.toMatchObject({
      ...{ code: 'bank.ambiguous', message: 'bank: found two' },
    });
    await expect(call()).rejects.toThrow(RpcError);
  });

  it('says so where the disk was not found', async () => {
    const { call } = updatesWithoutDisk();
    await expect(call('update.apply', { source: '/tmp/good.tbu' })).rejects.toMatchObject({
      code: 'update.no-disk',
    });
  });
});

describe('a caller who goes away', () => {
  const held = () => {
    const withBankLock = mutex();
    return { withBankLock, ...service(start, withBankLock) };
  };

  it('has cancelled its update, and the banks are free', async () => {
    const { methods, call, withBankLock, lines, journal } = held();
    const connection = new AbortController();
    const applied = methods['update.apply']!({ source: '-' }, { gone: connection.signal });
    const cancelled = expect(applied).rejects.toMatchObject({
      code: 'update.cancelled',
      message: 'the update was cancelled: its caller has gone',
    });
    await call('update.send', { data: base64('one ') });
    connection.abort();
    await cancelled;
    await withBankLock(async () => {});
    expect(lines.at(-1)).toBe('update failed: the update was cancelled: its caller has gone');
    expect(journal).toEqual([]);
    expect(await call('update.apply', { source: '/tmp/good.tbu' })).toHaveProperty('outcome');
  });

  it('has cancelled it before it began', async () => {
    const { methods, withBankLock, call } = held();
    let free = (): void => {};
    const others = withBankLock(
      () =>
        new Promise<void>((resolve) => {
          free = resolve;
        }),
    );
    const connection = new AbortController();
    const caller = { gone: connection.signal };
    await new Promise(setImmediate);
    const applied = methods['update.apply']!({ source: '/tmp/good.tbu' }, caller);
    const cancelled = expect(applied).rejects.toMatchObject({ code: 'update.cancelled' });
    connection.abort();
    free();
    await others;
    await cancelled;
    expect(await call('update.status')).toMatchObject({ running: false });
  });

  it('has not cancelled what another one asked for', async () => {
    const { methods, call } = held();
    const connection = new AbortController();
    const applied = call('update.apply', { source: '-' });
    const second = methods['update.apply']!({ source: '-' }, { gone: connection.signal });
    await expect(second).rejects.toMatchObject({ code: 'update.busy' });
    connection.abort();
    await call('update.send', { data: base64('enough'), end: true });
    expect(await applied).toMatchObject({ text: 'enough' });
  });
});

describe('update.cancel', () => {
  it('ends the update that runs, and not a rollback', async () => {
    const { call } = service();
    const first = expect(call('update.apply', { source: '/tmp/slow.tbu' })).rejects.toMatchObject({
      code: 'update.cancelled',
    });
    await expect.poll(() => call('update.status')).toMatchObject({ step: { step: 3 } });
    expect(await call('update.cancel')).toEqual({ cancelled: true });
    await first;
    const rolledBack = call('bank.rollback');
    await expect(call('update.cancel')).rejects.toMatchObject({ code: 'update.not-running' });
    expect(await rolledBack).toMatchObject({ bank: 5 });
  });
});

describe('the end of the system', () => {
  it.each([
    ['update.apply', { source: '/tmp/good.tbu' }],
    ['bank.rollback', {}],
  ])('keeps %s from beginning once the banks are free', async (method, params) => {
    const started: string[] = [];
    const recorded: StartTask = (task, channel) => {
      started.push(task.task);
      return start(task, channel);
    };
    let free = (): void => {};
    const withBankLock = mutex();
    const others = withBankLock(
      () =>
        new Promise<void>((resolve) => {
          free = resolve;
        }),
    );
    const { call, cancel } = service(recorded, withBankLock);
    const ended = expect(call(method, params)).rejects.toMatchObject({ code: 'update.ended' });
    await cancel();
    free();
    await others;
    await ended;
    expect(started).toEqual([]);
  });

  it.each([
    ['update.apply', { source: '/tmp/good.tbu' }],
    ['bank.rollback', {}],
  ])('refuses %s from then on', async (method, params) => {
    const { call, cancel, reboots } = service();
    await cancel();
    await expect(call(method, params)).rejects.toMatchObject({ code: 'update.ended' });
    expect(reboots).toEqual([]);
  });
});

describe('update.send', () => {
  it('hands the chunks on in their order, and waits for each to be wanted', async () => {
    const { call } = service();
    const applied = call('update.apply', { source: '-' });
    const sent = ['one ', 'two ', 'three'].map((text, index) =>
      call('update.send', { data: base64(text), end: index === 2 }),
    );
    expect(await Promise.all(sent)).toEqual([{ bytes: 4 }, { bytes: 4 }, { bytes: 5 }]);
    expect(await applied).toMatchObject({ text: 'one two three' });
  });

  it('is refused when nobody waits for chunks, and for what is no base64', async () => {
    const { call } = service();
    await expect(call('update.send', { data: base64('x') })).rejects.toMatchObject({
      code: 'update.not-wanted',
    });
    await expect(call('update.send', { data: 'x y' })).rejects.toMatchObject({ code: 'usage' });
    const large = Buffer.alloc((1 << 19) + 1).toString('base64');
    await expect(call('update.send', { data: large })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('the end of an update that is sent', () => {
  it('is no error where the update has read enough', async () => {
    const { call } = service();
    const applied = call('update.apply', { source: '-' });
    expect(await call('update.send', { data: base64('enough'), end: true })).toEqual({ bytes: 6 });
    expect(await applied).toMatchObject({ text: 'enough' });
    await expect(call('update.send', { end: true })).rejects.toMatchObject({
      code: 'update.not-wanted',
    });
  });

  it('ends the wait of whoever sends to an update that takes its bundle from elsewhere', async () => {
    const { call, cancel } = service();
    const applied = expect(call('update.apply', { source: '/tmp/slow.tbu' })).rejects.toThrow();
    const sent = expect(call('update.send', { data: base64('x') })).rejects.toMatchObject({
      code: 'update.not-wanted',
    });
    await cancel();
    await applied;
    await sent;
  });
});

describe('update.stage', () => {
  it('puts the chunks of a file together, and refuses gaps and paths', async () => {
    const { call, files } = service();
    await call('update.stage', { name: 'x.tbu', offset: 0, data: base64('abc') });
    expect(await call('update.stage', { name: 'x.tbu', offset: 3, data: base64('de') })).toEqual({
      path: '/tmp/x.tbu',
      bytes: 5,
    });
    expect(files.get('x.tbu')?.toString()).toBe('abcde');
    for (const bad of [
      { name: 'x.tbu', offset: 9, data: base64('x') },
      { name: '../x', offset: 0, data: base64('x') },
      { name: 'x.tbu', offset: 0, data: 7 },
    ]) {
      await expect(call('update.stage', bad)).rejects.toMatchObject({ code: 'usage' });
    }
  });
});

describe('bank.rollback', () => {
  it('rolls the running bank back, and reboots when it is asked to', async () => {
    const { call, reboots } = service();
    expect(await call('bank.rollback', { reboot: true })).toEqual({ bank: 5, rebooting: true });
    expect(reboots).toEqual(['reboot: rollback']);
  });
});
