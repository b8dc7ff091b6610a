import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultsFor } from '../../../src/runtime/vmkernel/boot/faults.ts';
import { parseKernelCommandLine } from '../../../src/runtime/vmkernel/boot/kernel-command-line.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faults-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

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

describe("the loader's words on the kernel's command line", () => {
  const refused = (value: string) => parseKernelCommandLine(`quiet ${value}\n`).refused;

  it.each([
    { value: '', found: [] },
    { value: 'twinbank.refused=', found: [] },
    { value: 'twinbank.refused=,5:dirty', found: [{ bank: 5, why: 'trial was not confirmed' }] },
    {
      value: 'twinbank.refused=,6:contents:engine.v00,5:malformed:updated',
      found: [
        { bank: 6, why: 'contents: engine.v00' },
        { bank: 5, why: 'boot.cfg malformed: updated' },
      ],
    },
    { value: 'twinbank.refused=,5:contents:', found: [{ bank: 5, why: 'contents' }] },
    // A word of a later loader, and one that every object has.
    { value: 'twinbank.refused=,5:moon', found: [{ bank: 5, why: 'moon' }] },
    { value: 'twinbank.refused=,5:toString', found: [{ bank: 5, why: 'toString' }] },
    // What stands in a damaged bank.env may be of any form.
    { value: 'twinbank.refused=,5:contents:a,b', found: [{ bank: 5, why: 'contents: a' }] },
    { value: 'twinbank.refused=,5,:dirty,x:dirty,-1:dirty,5.5:dirty', found: [] },
  ])('tell which banks were refused: $value', ({ value, found }) => {
    expect(refused(value)).toEqual(found);
  });

  it('name the layers in their order', () => {
    expect(parseKernelCommandLine('twinbank.layers=engine,agents,,oem').layers).toEqual([
      'engine',
      'agents',
      'oem',
    ]);
    expect(parseKernelCommandLine('quiet').layers).toEqual([]);
  });

  it('count when they stand there twice: the loader puts its own last', () => {
    const text = 'twinbank.bank=6 root=/dev/x=y twinbank.bank=5';
    expect(parseKernelCommandLine(text).bank).toBe(5);
  });
});
