import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withBankLock } from '../../../../../src/runtime/vmkernel/boot/bank-lock.ts';
import {
  readConfiguration,
  writeConfiguration,
} from '../../../../../src/runtime/vmkernel/state/configuration.ts';
import { stateKeeper } from '../../../../../src/runtime/vmkernel/state/state-keeper.ts';
import { packState } from '../../../../../src/state/archive.ts';
import { type StateHost, stateHost } from './state-host.ts';

let host: StateHost;
beforeEach(() => {
  host = stateHost();
});
afterEach(() => host.remove());

const hostname = (root: string) => readConfiguration(root).settings.hostname;

/** Boots bank 5, names it, and saves that. */
async function savedAs(name: string): Promise<void> {
  const { keeper, root } = host.boot(5);
  await keeper.restore();
  writeConfiguration({ hostname: name }, root);
  await keeper.save();
}

describe('what an administrator changed', () => {
  it('is there again after the next boot, of either bank', async () => {
    await savedAs('esx1');
    for (const bank of [5, 6] as const) {
      const { keeper, root } = host.boot(bank);
      expect(await keeper.restore()).toBe('generation 1 of bank 5');
      expect(hostname(root)).toBe('esx1');
      expect(keeper.report()).toEqual({ generation: 1, bank: 5, saved: true, problem: null });
    }
  });

  it('is saved as the next generation each time, and only where something differs', async () => {
    const { keeper, root } = host.boot(5);
    expect(await keeper.restore()).toBe('none');
    await keeper.saveChanges();
    expect(host.startsFrom(5)).toBeUndefined();
    expect(keeper.report()).toEqual({ generation: null, bank: null, saved: true, problem: null });

    writeConfiguration({ hostname: 'esx1' }, root);
    expect(keeper.report().saved).toBe(false);
    await keeper.saveChanges();
    expect(keeper.report()).toEqual({ generation: 1, bank: 5, saved: true, problem: null });
    await keeper.saveChanges();
    expect(host.startsFrom(5)!.from).toBe('generation 1 of bank 5');

    writeFileSync(join(root, 'etc/hostname'), 'by-hand\n');
    await keeper.saveChanges();
    expect(host.startsFrom(5)).toMatchObject({
      from: 'generation 2 of bank 5',
      settings: { hostname: 'by-hand' },
    });
  });

  it('is kept when vmkd is started again, and so is what was not saved yet', async () => {
    await savedAs('esx1');
    const { keeper, root } = host.boot(5);
    await keeper.restore();
    writeConfiguration({ hostname: 'changed' }, root);
    const { keeper: next } = host.again(5, root);
    expect(await next.restore()).toBe('generation 1 of bank 5, restored before');
    expect(hostname(root)).toBe('changed');
    expect(next.report()).toMatchObject({ generation: 1, saved: false });
    await next.saveChanges();
    expect(host.startsFrom(6)!.settings.hostname).toBe('changed');
  });

  it('stays as the image has it where a person rolled the other bank back', async () => {
    await savedAs('esx1');
    host.change(5, (bank) => bank.mark({ bootstate: '3', verdict: 'R' }));
    const { keeper, root } = host.boot(6);
    expect(await keeper.restore()).toBe('none');
    expect(hostname(root)).toBe('localhost');
  });
});

describe('a boot that is not confirmed', () => {
  it.each([
    ['2', 'a trial saves nothing until it is confirmed'],
    ['3', 'a bank that is INVALID saves nothing'],
  ] as const)('in state %s saves nothing, and keeps nothing', async (bootstate, why) => {
    await savedAs('esx1');
    host.change(6, (bank) => bank.mark({ bootstate }));
    const before = host.bytes(6);
    const { keeper, root, told } = host.boot(6);
    await keeper.restore();
    writeConfiguration({ hostname: 'changed' }, root);
    expect(await keeper.save()).toEqual({ saved: false, why });
    await keeper.saveChanges();
    await keeper.saveChanges();
    await keeper.keep();
    expect(told).toEqual([`state not saved: ${why}`]);
    expect(host.bytes(6).equals(before)).toBe(true);
  });

  it('holds what it was started from once it is', async () => {
    await savedAs('esx1');
    host.change(6, (bank) => bank.mark({ bootstate: '2' }));
    const { keeper, told } = host.boot(6);
    await keeper.restore();
    host.change(6, (bank) => bank.mark({ bootstate: '0' }));
    await keeper.saveChanges();
    expect(keeper.report().bank).toBe(5);
    await keeper.keep();
    expect(keeper.report()).toMatchObject({ generation: 2, bank: 6, saved: true });
    host.change(5, (bank) => bank.bytes.fill(0));
    expect(host.startsFrom(6)).toMatchObject({
      from: 'generation 2 of bank 6',
      settings: { hostname: 'esx1' },
    });
    expect(told).toEqual([]);
  });

  it('does not hide what a later version has saved', async () => {
    host.change(5, (bank) => bank.put(1, 1, packState([])));
    host.change(6, (bank) => bank.put(1, 9, 'of another form', 2));
    const { keeper } = host.boot(5);
    expect(await keeper.restore()).toBe('generation 1 of bank 5');
    await keeper.keep();
    expect(keeper.report().generation).toBe(1);
    expect(host.startsFrom(5)!.from).toBe('generation 1 of bank 5');
  });
});

describe('a state that was found and cannot be restored', () => {
  it('is a problem, not the end of the boot, and nothing takes its place by itself', async () => {
    host.change(5, (bank) => bank.put(1, 4, 'no archive'));
    const before = host.bytes(5);
    const { keeper, root } = host.boot(5);
    const problem = expect.stringContaining('state: expected a tar.gz');
    expect(await keeper.restore()).toMatch(/^generation 4 of bank 5: state: expected a tar\.gz/);
    expect(keeper.report()).toEqual({ generation: 4, bank: 5, saved: true, problem });
    expect(hostname(root)).toBe('localhost');
    await keeper.saveChanges();
    await keeper.keep();
    expect(host.bytes(5).equals(before)).toBe(true);
  });

  it('is no problem any more once a person has saved another', async () => {
    host.change(5, (bank) => bank.put(1, 4, 'no archive'));
    const { keeper } = host.boot(5);
    await keeper.restore();
    expect(await keeper.save()).toEqual({ saved: true, generation: 5 });
    expect(keeper.report().problem).toBeNull();
  });

  it('is restored but for the file that is wrong', async () => {
    const files = [
      { path: 'etc/hostname', bytes: Buffer.from('esx1\n') },
      { path: 'etc/vmware/ntp.json', bytes: Buffer.from('{') },
    ] as const;
    host.change(5, (bank) => bank.put(1, 4, packState(files)));
    const { keeper, root } = host.boot(5);
    expect(await keeper.restore()).toBe(
      'generation 4 of bank 5: etc/vmware/ntp.json: expected JSON, found something else',
    );
    expect(hostname(root)).toBe('esx1');
  });

  it('is one of which both slots are damaged; one that is torn is what a power cut leaves', async () => {
    host.change(5, (bank) => {
      bank.put(1, 4, 'a');
      bank.damage(1, 512);
    });
    expect(await host.boot(5).keeper.restore()).toBe('none');
    host.change(5, (bank) => {
      bank.put(2, 5, 'b');
      bank.damage(2, 512);
    });
    const { keeper } = host.boot(5);
    expect(await keeper.restore()).toMatch(/^none: state1\.slt: expected its SHA-256.*state2\.slt/);
    expect(keeper.report().problem).toContain('state2.slt');
  });
});

describe('a save that fails', () => {
  it('is answered with the reason, told once, and tried again', async () => {
    const { keeper, root, told } = host.boot(5);
    await keeper.restore();
    writeConfiguration({ hostname: 'esx1' }, root);
    host.onDrop = async () => {
      throw new Error('could not be read back from the medium: EIO');
    };
    const why = 'could not be read back from the medium: EIO';
    expect(await keeper.save()).toEqual({ saved: false, why });
    await keeper.saveChanges();
    await keeper.saveChanges();
    expect(told).toEqual([`state not saved: ${why}`]);
    host.onDrop = async () => {};
    await keeper.saveChanges();
    expect(keeper.report()).toMatchObject({ saved: true });
    expect(host.startsFrom(5)!.settings.hostname).toBe('esx1');
  });

  it('because a file says something wrong leaves the last state as it is', async () => {
    const { keeper, root } = host.boot(5);
    await keeper.restore();
    mkdirSync(join(root, 'etc/vmware'));
    writeFileSync(join(root, 'etc/vmware/network.json'), '{"mode":"auto"}');
    expect(await keeper.save()).toEqual({
      saved: false,
      why: 'network.mode: expected dhcp or static, found "auto"',
    });
    expect(host.startsFrom(5)).toBeUndefined();
  });

  it('because others use the banks for long is said soon, and done after that', async () => {
    host.patienceMs = 50;
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
    expect(host.startsFrom(5)).toBeUndefined();
    free();
    await update;
    await withBankLock(() => {});
    expect(host.startsFrom(5)!.settings.hostname).toBe('esx1');
    expect(keeper.report().saved).toBe(true);
  });

  it('because there is no bank is said, and nothing else depends on it', async () => {
    const { root } = host.boot(5);
    const memo = join(root, 'memo.json');
    const tell = () => {};
    const keeper = stateKeeper({ bank: undefined, other: undefined, tell, root, memo });
    expect(await keeper.restore()).toBe('none');
    await keeper.keep();
    expect(await keeper.save()).toEqual({ saved: false, why: 'no disk has the bank that runs' });
  });

  it('leaves what was found when the bank went away before it could be read', async () => {
    const { root } = host.boot(5);
    const told: string[] = [];
    const keeper = stateKeeper({
      bank: { number: 5, device: join(root, 'gone') },
      other: undefined,
      tell: (why) => void told.push(why),
      root,
      memo: join(root, 'memo.json'),
    });
    expect(await keeper.restore()).toContain('there is no such file');
    expect(keeper.report().problem).toContain('there is no such file');
    await keeper.saveChanges();
    expect(told).toEqual([]);
    await keeper.keep();
    expect(told).toHaveLength(1);
  });
});

it('the hash in memory can be read by nobody else from the start on', async () => {
  const { keeper, root } = host.boot(5);
  await keeper.restore();
  writeConfiguration({ hostname: 'x' }, root);
  const { mode } = await import('node:fs').then(({ statSync }) =>
    statSync(join(root, 'etc/shadow')),
  );
  expect(mode & 0o777).toBe(0o600);
  expect(readFileSync(join(root, 'etc/shadow'), 'utf8')).toContain('dcui:!');
});
