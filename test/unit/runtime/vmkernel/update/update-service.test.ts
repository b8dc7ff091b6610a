import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { updateService } from '../../../../../src/runtime/vmkernel/update/update-service.ts';

function service(places: object | null = { running: 5, banks: [], store: undefined }) {
  const told: string[] = [];
  const journal: unknown[] = [];
  const reboots: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-stage-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const made = updateService({
    places: () => (places ?? undefined) as never,
    journal: (event) => void journal.push(event),
    tell: (line) => void told.push(line),
    reboot: (why) => void reboots.push(why),
    program: join(import.meta.dirname, 'update-worker-stub.mjs'),
    folder,
  });
  const call = async (method: string, params: Record<string, unknown> = {}) =>
    made.methods[method]!(params);
  return { ...made, call, told, journal, reboots, folder };
}
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('update.apply', () => {
  it('answers with what became of it, and reboots only when it is asked to', async () => {
    const { call, told, reboots } = service();
    expect(await call('update.apply', { source: '/tmp/good.tbu' })).toMatchObject({
      outcome: 'updated',
      rebooting: false,
    });
    expect(reboots).toEqual([]);
    await call('update.apply', { source: '/tmp/good.tbu', reboot: true });
    expect(reboots).toEqual(['update to 1.1-1']);
    expect(told.at(-1)).toBe('update updated: 1.0-1 -> 1.1-1, bank 6');
  });

  it('does not reboot for a bundle that the host has already', async () => {
    const { call, reboots } = service();
    expect(await call('update.apply', { source: '/tmp/same.tbu', reboot: true })).toMatchObject({
      rebooting: false,
    });
    expect(reboots).toEqual([]);
  });

  it('fails with the code and the sentence of what went wrong, and tells the journal', async () => {
    const { call, journal, told } = service();
    await expect(call('update.apply', { source: '/tmp/broken.tbu' })).rejects.toMatchObject({
      code: 'bundle.hash',
      message: 'broken.tbu: expected another hash',
    });
    expect(journal).toHaveLength(1);
    expect(told.at(-1)).toBe('update failed: broken.tbu: expected another hash');
    expect(await call('update.status')).toMatchObject({
      running: false,
      last: { failed: 'broken.tbu: expected another hash' },
    });
  });

  it('survives a worker that breaks, and takes the next bundle', async () => {
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

  it('says so where the disk was not found', async () => {
    const { call } = service(null);
    await expect(call('update.apply', { source: '/tmp/good.tbu' })).rejects.toMatchObject({
      code: 'update.no-disk',
    });
  });
});

describe('update.send', () => {
  it('hands the pieces on in their order, and waits for each to be wanted', async () => {
    const { call } = service();
    const applied = call('update.apply', { source: '-' });
    const sent = ['one ', 'two ', 'three'].map((text, index) =>
      call('update.send', { data: base64(text), end: index === 2 }),
    );
    expect(await Promise.all(sent)).toEqual([{ bytes: 4 }, { bytes: 4 }, { bytes: 5 }]);
    expect(await applied).toMatchObject({ text: 'one two three' });
  });

  it('is refused when nobody waits for pieces, and for what is no base64', async () => {
    const { call } = service();
    await expect(call('update.send', { data: base64('x') })).rejects.toMatchObject({
      code: 'update.not-wanted',
    });
    await expect(call('update.send', { data: 'x y' })).rejects.toMatchObject({ code: 'usage' });
    const large = Buffer.alloc((1 << 19) + 1).toString('base64');
    await expect(call('update.send', { data: large })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('update.stage', () => {
  it('puts the pieces of a file together, and refuses gaps and paths', async () => {
    const { call, folder } = service();
    await call('update.stage', { name: 'x.tbu', offset: 0, data: base64('abc') });
    expect(await call('update.stage', { name: 'x.tbu', offset: 3, data: base64('de') })).toEqual({
      path: join(folder, 'x.tbu'),
      bytes: 5,
    });
    expect(readFileSync(join(folder, 'x.tbu'), 'utf8')).toBe('abcde');
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
    expect(reboots).toEqual(['rollback']);
  });
});
