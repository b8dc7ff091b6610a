import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { emptyMemo, parseMemo } from '../../../src/hostcore/state-memo.ts';
import { packState } from '../../../src/state/archive.ts';
import { readBankState } from '../../../src/state/slots-of-bank.ts';
import { type MemoryBoot, type MemoryHost, memoryHost } from './memory-host.ts';

let host: MemoryHost;
beforeEach(() => {
  host = memoryHost();
});

const hostname = ({ configuration }: MemoryBoot) => configuration.read().settings.hostname;
const bytesOf = (bank: 5 | 6) => Buffer.from(host.banks[bank].bytes);

const failingReads = (bank: 5 | 6) =>
  vi.spyOn(host.banks[bank].device, 'read').mockImplementation(() => {
    throw new Error('EIO');
  });

/** Boots bank 5, names it, and saves that. */
async function savedAs(name: string): Promise<void> {
  const { keeper, configuration } = host.boot(5);
  await keeper.restore();
  configuration.write({ hostname: name });
  await keeper.save();
}

describe('what an administrator changed', () => {
  it('is there again after the next boot, of either bank', async () => {
    await savedAs('esx1');
    for (const bank of [5, 6] as const) {
      const boot = host.boot(bank);
      const { keeper } = boot;
      expect(await keeper.restore()).toBe('generation 1 of bank 5');
      expect(hostname(boot)).toBe('esx1');
      expect(keeper.report()).toEqual({ generation: 1, bank: 5, saved: true, problem: null });
    }
  });

  it('is saved as the next generation each time, and only where something differs', async () => {
    const boot = host.boot(5);
    const { keeper } = boot;
    expect(await keeper.restore()).toBe('none');
    await keeper.saveChanges();
    expect(host.startsFrom(5)).toBeUndefined();
    expect(keeper.report()).toEqual({ generation: null, bank: null, saved: true, problem: null });

    boot.configuration.write({ hostname: 'esx1' });
    expect(keeper.report().saved).toBe(false);
    await keeper.saveChanges();
    expect(keeper.report()).toEqual({ generation: 1, bank: 5, saved: true, problem: null });
    await keeper.saveChanges();
    expect(host.startsFrom(5)!.from).toBe('generation 1 of bank 5');

    boot.files.set('etc/hostname', Buffer.from('by-hand\n'));
    await keeper.saveChanges();
    expect(host.startsFrom(5)).toMatchObject({
      from: 'generation 2 of bank 5',
      settings: { hostname: 'by-hand' },
    });
  });

  it('is kept when vmkd is started again, and so is what was not saved yet', async () => {
    await savedAs('esx1');
    const boot = host.boot(5);
    const { keeper } = boot;
    await keeper.restore();
    boot.configuration.write({ hostname: 'changed' });
    const { keeper: next } = host.again(5, boot);
    expect(await next.restore()).toBe('generation 1 of bank 5, restored before');
    expect(hostname(boot)).toBe('changed');
    expect(next.report()).toMatchObject({ generation: 1, saved: false });
    await next.saveChanges();
    expect(host.startsFrom(6)!.settings.hostname).toBe('changed');
  });

  it('stays as the image has it where a person rolled the other bank back', async () => {
    await savedAs('esx1');
    host.banks[5].mark({ bootstate: '3', verdict: 'R' });
    const boot = host.boot(6);
    const { keeper } = boot;
    expect(await keeper.restore()).toBe('none');
    expect(hostname(boot)).toBe('localhost');
  });
});

describe('a boot that is not confirmed', () => {
  it.each([
    ['2', 'a trial saves nothing until it is confirmed'],
    ['3', 'a bank that is INVALID saves nothing'],
  ] as const)('in state %s saves nothing, and keeps nothing', async (bootstate, why) => {
    await savedAs('esx1');
    host.banks[6].mark({ bootstate });
    const before = bytesOf(6);
    const boot = host.boot(6);
    const { keeper, reports } = boot;
    await keeper.restore();
    boot.configuration.write({ hostname: 'changed' });
    expect(await keeper.save()).toEqual({ saved: false, why });
    await keeper.saveChanges();
    await keeper.saveChanges();
    await keeper.keep();
    expect(reports).toEqual([`state not saved: ${why}`]);
    expect(bytesOf(6).equals(before)).toBe(true);
  });

  it('holds what it was started from once it is', async () => {
    await savedAs('esx1');
    host.banks[6].mark({ bootstate: '2' });
    const { keeper, reports } = host.boot(6);
    await keeper.restore();
    host.banks[6].mark({ bootstate: '0' });
    await keeper.saveChanges();
    expect(keeper.report().bank).toBe(5);
    await keeper.keep();
    expect(keeper.report()).toMatchObject({ generation: 2, bank: 6, saved: true });
    host.banks[5].bytes.fill(0);
    expect(host.startsFrom(6)).toMatchObject({
      from: 'generation 2 of bank 6',
      settings: { hostname: 'esx1' },
    });
    expect(reports).toEqual([]);
  });

  it('does not hide what a later version has saved', async () => {
    host.banks[5].put(1, 1, packState([]));
    host.banks[6].put(1, 9, 'of another form', 3);
    const { keeper } = host.boot(5);
    expect(await keeper.restore()).toBe('generation 1 of bank 5');
    await keeper.keep();
    expect(keeper.report().generation).toBe(1);
    expect(host.startsFrom(5)!.from).toBe('generation 1 of bank 5');
  });
});

describe('M4: a state of another version', () => {
  const later = { path: 'etc/vmware/later.json', bytes: Buffer.from('{"a":1}\n') };

  it('keeps the files that this one does not know, through every save', async () => {
    host.banks[5].put(1, 4, packState([later]));
    const boot = host.boot(5);
    await boot.keeper.restore();
    expect(boot.keeper.report()).toMatchObject({ saved: true, problem: null });
    boot.configuration.write({ hostname: 'esx1' });
    expect(await boot.keeper.save()).toEqual({ saved: true, generation: 5 });
    const next = host.boot(5);
    await next.keeper.restore();
    expect(hostname(next)).toBe('esx1');
    expect(next.configuration.read().carried.map(({ path }) => path)).toEqual([later.path]);
  });

  it('is kept in its own schema until something is changed, so that its version can still read it', async () => {
    const old = readFileSync(
      join(import.meta.dirname, '../state/saves/schema-1-with-password.tgz'),
    );
    host.banks[5].put(1, 4, old, 1);
    const { keeper, configuration } = host.boot(6);
    await keeper.restore();
    await keeper.keep();
    const schemas = () =>
      readBankState(host.banks[6].device).slots.map(
        ({ reading }) => reading.ok && reading.saved.schema,
      );
    expect(schemas()).toEqual([1, false]);
    configuration.write({ hostname: 'esx2' });
    await keeper.save();
    expect(schemas()).toEqual([1, 2]);
  });
});

describe('a state that was found and cannot be restored', () => {
  it('is a problem, not the end of the boot, and nothing takes its place by itself', async () => {
    host.banks[5].put(1, 4, 'no archive');
    const before = bytesOf(5);
    const boot = host.boot(5);
    const { keeper } = boot;
    const problem = expect.stringContaining('state: expected a tar.gz');
    expect(await keeper.restore()).toMatch(/^generation 4 of bank 5: state: expected a tar\.gz/);
    expect(keeper.report()).toEqual({ generation: 4, bank: 5, saved: true, problem });
    expect(hostname(boot)).toBe('localhost');
    await keeper.saveChanges();
    await keeper.keep();
    expect(bytesOf(5).equals(before)).toBe(true);
  });

  it('does not come back over what was changed since, when vmkd is started again', async () => {
    await savedAs('esx1');
    const boot = host.boot(5);
    const reads = failingReads(5);
    expect(await boot.keeper.restore()).toBe('none: EIO');
    reads.mockRestore();
    boot.configuration.write({ hostname: 'changed' });
    const { keeper: next } = host.again(5, boot);
    expect(await next.restore()).toBe('none, restored before');
    expect(hostname(boot)).toBe('changed');
    expect(next.report()).toMatchObject({ saved: false, problem: 'EIO' });
  });

  it('is a problem, not the end of the boot, where the memo cannot be written either', async () => {
    failingReads(5);
    const boot = host.boot(5);
    boot.memo.write = () => {
      throw new Error('ENOSPC');
    };
    expect(await boot.keeper.restore()).toBe('none: EIO');
    expect(boot.keeper.report().problem).toBe('EIO');
  });

  it('is no problem any more once a person has saved another', async () => {
    host.banks[5].put(1, 4, 'no archive');
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
    host.banks[5].put(1, 4, packState(files));
    const boot = host.boot(5);
    const { keeper } = boot;
    expect(await keeper.restore()).toBe(
      'generation 4 of bank 5: etc/vmware/ntp.json: expected JSON, found something else',
    );
    expect(hostname(boot)).toBe('esx1');
  });

  it('is one of which both slots are damaged; one that is torn is what a power cut leaves', async () => {
    host.banks[5].put(1, 4, 'a');
    host.banks[5].damage(1, 512);
    expect(await host.boot(5).keeper.restore()).toBe('none');
    host.banks[5].put(2, 5, 'b');
    host.banks[5].damage(2, 512);
    const { keeper } = host.boot(5);
    expect(await keeper.restore()).toMatch(/^none: state1\.slt: expected its SHA-256.*state2\.slt/);
    expect(keeper.report().problem).toContain('state2.slt');
  });
});

describe('a save that fails', () => {
  it('is answered with the reason, reported once, and tried again', async () => {
    const boot = host.boot(5);
    const { keeper, reports } = boot;
    await keeper.restore();
    boot.configuration.write({ hostname: 'esx1' });
    host.onDrop = async () => {
      throw new Error('could not be read back from the medium: EIO');
    };
    const why = 'could not be read back from the medium: EIO';
    expect(await keeper.save()).toEqual({ saved: false, why });
    await keeper.saveChanges();
    await keeper.saveChanges();
    expect(reports).toEqual([`state not saved: ${why}`]);
    host.onDrop = async () => {};
    await keeper.saveChanges();
    expect(keeper.report()).toMatchObject({ saved: true });
    expect(host.startsFrom(5)!.settings.hostname).toBe('esx1');
  });

  it('because a file says something wrong leaves the last state as it is', async () => {
    const boot = host.boot(5);
    const { keeper } = boot;
    await keeper.restore();
    boot.files.set('etc/vmware/network.json', Buffer.from('{"mode":"auto"}'));
    expect(await keeper.save()).toEqual({
      saved: false,
      why: 'network.mode: expected dhcp or static, found "auto"',
    });
    expect(host.startsFrom(5)).toBeUndefined();
  });

  it('because others use the banks for long is said soon, and done after that', async () => {
    host.lockTimeout = async () => {};
    const boot = host.boot(5);
    const { keeper } = boot;
    await keeper.restore();
    boot.configuration.write({ hostname: 'esx1' });
    let free = (): void => {};
    const update = host.withBankLock(
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
    await host.withBankLock(() => {});
    expect(host.startsFrom(5)!.settings.hostname).toBe('esx1');
    expect(keeper.report().saved).toBe(true);
  });

  it('because there is no bank is said, and nothing else depends on it', async () => {
    const { keeper } = host.boot(undefined);
    expect(await keeper.restore()).toBe('none');
    await keeper.keep();
    expect(await keeper.save()).toEqual({ saved: false, why: 'no disk has the bank that runs' });
  });
});

describe('a memo', () => {
  it('is taken as it was written', () => {
    const memo = { generation: 4, bank: 5, problem: null, digest: 'ab', replaced: true };
    expect(parseMemo(JSON.parse(JSON.stringify(memo)))).toEqual(memo);
  });

  it.each([
    null,
    7,
    [],
    { generation: 4 },
    { generation: 1.5, bank: 5, problem: null, digest: '' },
  ])('of another form (%j) knows nothing but that a state was restored', async (value) => {
    expect(parseMemo(value)).toEqual(emptyMemo);
    const boot = host.boot(5);
    boot.memo.write(parseMemo(value));
    const { keeper } = host.again(5, boot);
    expect(await keeper.restore()).toBe('none, restored before');
    expect(keeper.report().saved).toBe(false);
    expect(hostname(boot)).toBe('localhost');
  });
});
