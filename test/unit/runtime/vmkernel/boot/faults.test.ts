import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultMethods, faultsFor } from '../../../../../src/runtime/vmkernel/boot/faults.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faults-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Stands for busybox: notes its words, and makes the file small. */
function allocator(exit = 0): string {
  const path = join(folder, 'allocate');
  const body = `echo "$@" >${folder}/words\n[ ${exit} = 0 ] || { echo no room >&2; exit ${exit}; }\necho x >"$4"\n`;
  writeFileSync(path, `#!/bin/sh\n${body}`);
  chmodSync(path, 0o755);
  return path;
}

describe('faults of a running system', () => {
  it('are there only for a machine whose owner asked for them', () => {
    const file = join(folder, 'raw');
    writeFileSync(file, 'agent-dead@6,live');
    expect(Object.keys(faultMethods(faultsFor(5, file)))).toEqual([
      'fault.fill',
      'fault.kill',
      'fault.panic',
      'fault.free',
    ]);
    writeFileSync(file, 'agent-dead');
    expect(faultMethods(faultsFor(5, file))).toEqual({});
    expect(faultMethods(faultsFor(5, join(folder, 'none')))).toEqual({});
  });

  it('take all the room of a folder, and give it back', async () => {
    const methods = faultMethods(new Set(['live']), allocator());
    const answer = await methods['fault.fill']?.({ path: folder });
    const bytes = Number(Object(answer).bytes);
    const ballast = join(folder, '.twinbank-ballast');
    expect(readFileSync(join(folder, 'words'), 'utf8')).toBe(`fallocate -l ${bytes} ${ballast}\n`);
    expect(bytes).toBeGreaterThan(0);
    expect(existsSync(ballast)).toBe(true);
    await methods['fault.free']?.({ path: folder });
    expect(existsSync(ballast)).toBe(false);
  });

  it('make the kernel panic by its own word', async () => {
    const trigger = join(folder, 'trigger');
    const kill = (): void => {
      throw new Error('vmkd stays');
    };
    await faultMethods(new Set(['live']), allocator(), kill, trigger)['fault.panic']?.({});
    expect(readFileSync(trigger, 'utf8')).toBe('c');
  });

  it('say what they cannot do', async () => {
    const methods = faultMethods(new Set(['live']), allocator(1));
    await expect(methods['fault.fill']?.({ path: folder })).rejects.toThrow('no room');
    for (const path of [undefined, 'nowhere', join(folder, 'words')]) {
      await expect(methods['fault.fill']?.({ path })).rejects.toThrow('path: expected a folder');
    }
  });
});

describe('faults', () => {
  const faults = (text: string, bank?: number): string[] => {
    const path = join(folder, 'raw');
    writeFileSync(path, text);
    return [...faultsFor(bank, path)];
  };

  it('are none on a host that has no such device', () => {
    expect(faultsFor(5, join(folder, 'none')).size).toBe(0);
  });

  it.each([
    { text: 'agent-dead@5', bank: 5, found: ['agent-dead'] },
    { text: 'agent-dead@6', bank: 5, found: [] },
    { text: 'agent-dead@5', bank: 15, found: [] },
    { text: 'agent-dead@15', bank: 5, found: [] },
    { text: 'agent-dead', bank: 6, found: ['agent-dead'] },
    { text: 'agent-dead@6,no-confirm@5,init-hang', bank: 6, found: ['agent-dead', 'init-hang'] },
    { text: 'agent-dead@5,agent-dead', bank: 5, found: ['agent-dead'] },
    { text: 'no-confirm@5\n', bank: 5, found: ['no-confirm'] },
    { text: '', bank: 5, found: [] },
  ])('of %j for bank $bank are $found', ({ text, bank, found }) => {
    expect(faults(text, bank)).toEqual(found);
  });

  it('with a bank do not meet a system that no loader started', () => {
    expect(faults('agent-dead@5,no-confirm')).toEqual(['no-confirm']);
  });
});
