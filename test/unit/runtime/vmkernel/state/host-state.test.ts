import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withBankLock } from '../../../../../src/runtime/vmkernel/boot/bank-pair.ts';
import {
  readConfiguration,
  writeConfiguration,
} from '../../../../../src/runtime/vmkernel/state/configuration.ts';
import { hostState } from '../../../../../src/runtime/vmkernel/state/host-state.ts';
import { type StateHost, stateHost } from './state-host.ts';

let host: StateHost;
beforeEach(() => {
  host = stateHost();
});
afterEach(() => host.remove());

const hostname = (root: string) => readConfiguration(root).settings.hostname;

describe('the files of the running system', () => {
  it('are saved to the bank and restored from it at the next boot', async () => {
    const { keeper, root } = host.boot(5);
    await keeper.restore();
    writeConfiguration({ hostname: 'esx1' }, root);
    expect(await keeper.save()).toEqual({ saved: true, generation: 1 });
    const next = host.boot(6);
    expect(await next.keeper.restore()).toBe('generation 1 of bank 5');
    expect(hostname(next.root)).toBe('esx1');
  });

  it('are left as they are by a vmkd that is started again, even where its memo is damaged', async () => {
    const { keeper, root } = host.boot(5);
    await keeper.restore();
    await keeper.save();
    writeFileSync(join(root, 'etc/hostname'), 'by-hand\n');
    const { keeper: next } = host.again(5, root);
    expect(await next.restore()).toBe('generation 1 of bank 5, restored before');
    writeFileSync(join(root, 'memo.json'), '{"gener');
    const { keeper: last } = host.again(5, root);
    expect(await last.restore()).toBe('none, restored before');
    expect(hostname(root)).toBe('by-hand');
    await last.saveChanges();
    expect(host.startsFrom(5)).toMatchObject({ settings: { hostname: 'by-hand' } });
  });

  it('hide the hash in memory from everybody else from the start on', async () => {
    const { keeper, root } = host.boot(5);
    await keeper.restore();
    writeConfiguration({ hostname: 'x' }, root);
    const { mode } = statSync(join(root, 'etc/shadow'));
    expect(mode & 0o777).toBe(0o600);
    expect(readFileSync(join(root, 'etc/shadow'), 'utf8')).toContain('dcui:!');
  });
});

describe('the banks of the running system', () => {
  it('are waited for while others use them, and not for long', async () => {
    host.lockTimeoutMs = 50;
    const { keeper, root } = host.boot(5);
    await keeper.restore();
    writeConfiguration({ hostname: 'esx1' }, root);
    let free = (): void => {};
    const update = withBankLock(
      () =>
        new Promise<void>((resolve) => {
          free = resolve;
        }),
    );
    const why = 'the banks are in use; it is saved after that';
    expect(await keeper.save()).toEqual({ saved: false, why });
    free();
    await update;
    await withBankLock(() => {});
    expect(host.startsFrom(5)!.settings.hostname).toBe('esx1');
  });

  it('leave the files as they were found when they went away before they could be read', async () => {
    const { root } = host.boot(5);
    const reports: string[] = [];
    const keeper = hostState({
      bank: { number: 5, device: join(root, 'gone') },
      other: undefined,
      report: (why) => void reports.push(why),
      root,
      memo: join(root, 'memo.json'),
    });
    expect(await keeper.restore()).toContain('there is no such file');
    expect(keeper.report().problem).toContain('there is no such file');
    await keeper.saveChanges();
    expect(reports).toEqual([]);
    await keeper.keep();
    expect(reports).toHaveLength(1);
  });
});
