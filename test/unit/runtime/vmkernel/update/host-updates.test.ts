import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  hostUpdates,
  stagedFiles,
} from '../../../../../src/runtime/vmkernel/update/host-updates.ts';

function service() {
  const journal: unknown[] = [];
  const made = hostUpdates({
    places: () => ({ running: 5, banks: [], store: undefined }),
    journal: (event) => void journal.push(event),
    line: () => {},
    end: () => {},
    program: join(import.meta.dirname, 'update-worker-stub.mjs'),
  });
  // One that a failed test left running has the banks.
  onTestFinished(() => made.cancel());
  const call = async (method: string, params: Record<string, unknown> = {}) =>
    made.methods[method]!(params);
  return { ...made, call, journal };
}
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the thread of an update', () => {
  it('has its result, its journal and its errors heard', async () => {
    const { call, journal } = service();
    await expect(call('update.apply', { source: '/tmp/broken.tbu' })).rejects.toMatchObject({
      code: 'bundle.hash',
      message: 'broken.tbu: expected another hash',
    });
    expect(journal).toHaveLength(1);
    expect(await call('bank.rollback')).toEqual({ bank: 5, rebooting: false });
  });

  it('may break, and the next one takes the next bundle', async () => {
    const { call } = service();
    await expect(call('update.apply', { source: '/tmp/crash.tbu' })).rejects.toThrow('broke');
    expect(await call('update.apply', { source: '/tmp/good.tbu' })).toHaveProperty('outcome');
  });

  it('tells how far it is, and can be ended', async () => {
    const { call, cancel } = service();
    const ended = expect(call('update.apply', { source: '/tmp/slow.tbu' })).rejects.toMatchObject({
      code: 'update.ended',
    });
    await expect
      .poll(() => call('update.status'), { timeout: 20_000 })
      .toMatchObject({
        running: true,
        step: { step: 3, of: 5 },
        progress: { done: 1, total: 2 },
      });
    await cancel();
    await ended;
  });

  it('is handed the chunks in their order, each when it is wanted', async () => {
    const { call } = service();
    const applied = call('update.apply', { source: '-' });
    const sent = ['one ', 'two ', 'three'].map((text, index) =>
      call('update.send', { data: base64(text), end: index === 2 }),
    );
    expect(await Promise.all(sent)).toEqual([{ bytes: 4 }, { bytes: 4 }, { bytes: 5 }]);
    expect(await applied).toMatchObject({ text: 'one two three' });
  });
});

describe('staged bundles', () => {
  it('are files in a folder, written over or added to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'twinbank-stage-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const staged = stagedFiles(folder);
    expect(staged.size('x.tbu')).toBe(0);
    staged.write('x.tbu', 0, Buffer.from('old'));
    staged.write('x.tbu', 0, Buffer.from('abc'));
    staged.write('x.tbu', 3, Buffer.from('de'));
    expect(staged.size('x.tbu')).toBe(5);
    expect(readFileSync(join(folder, 'x.tbu'), 'utf8')).toBe('abcde');
  });
});
