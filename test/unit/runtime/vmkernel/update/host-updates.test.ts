import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  hostUpdates,
  stagedFiles,
} from '../../../../../src/runtime/vmkernel/update/host-updates.ts';
import { openStaged } from '../../../../../src/runtime/vmkernel/update/run-task.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

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

  it.each([
    [null, 'expected an object, found null'],
    [{ type: 'bang' }, 'found "bang"'],
    [{ type: 'failed' }, '(failed).code: expected text, found none'],
    [{ type: 'done', result: {} }, '(done).result.bank: expected a number, found none'],
    [{ type: 'progress', event: null }, '(progress).event: expected an object, found null'],
    [{ type: 'journal', event: { event: 'x' } }, '(journal).event.event: expected update'],
  ])('is ended when it says %j, and the next one runs', async (message, why) => {
    const { call } = service();
    const name = encodeURIComponent(JSON.stringify(message));
    await expect(call('update.apply', { source: `/tmp/${name}.odd.tbu` })).rejects.toThrow(why);
    expect(await call('bank.rollback')).toHaveProperty('bank', 5);
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

  it('follow no link and wait for no pipe', () => {
    const folder = temporaryFiles({ shadow: 'secret' });
    const staged = stagedFiles(folder);
    const [link, pipe] = [join(folder, 'link.tbu'), join(folder, 'pipe.tbu')];
    symlinkSync(join(folder, 'shadow'), link);
    execFileSync('mkfifo', [pipe]);
    for (const name of ['link.tbu', 'pipe.tbu']) {
      expect(staged.size(name)).toBe(0);
      expect(() => staged.write(name, 3, Buffer.from('x'))).toThrow(/ELOOP|ENXIO/);
      expect(() => openStaged(join(folder, name))).toThrow(/ELOOP|a plain file of our own/);
      staged.write(name, 0, Buffer.from('abc'));
    }
    expect([link, pipe].map((path) => readFileSync(path, 'utf8'))).toEqual(['abc', 'abc']);
    expect(readFileSync(join(folder, 'shadow'), 'utf8')).toBe('secret');
  });

  it('are neither written nor read where others may write, and not read when somebody else owns them', async () => {
    const folder = temporaryFiles({ 'x.tbu': 'abc' });
    const path = join(folder, 'x.tbu');
    chownSync(path, 110, 110);
    expect(() => openStaged(path)).toThrow('found one of user 110');
    chownSync(path, process.getuid?.() ?? 0, 0);
    const source = openStaged(path);
    expect(Buffer.from((await source.read(9)) ?? []).toString()).toBe('abc');
    await source.close();
    chmodSync(folder, 0o1777);
    expect(() => openStaged(path)).toThrow('that others may write');
    expect(() => stagedFiles(folder).write('y.tbu', 0, Buffer.from('x'))).toThrow(
      'that others may write',
    );
    expect(() => openStaged(join(folder, 'gone.tbu'))).toThrow('there is no such file');
  });
});
