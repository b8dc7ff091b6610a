import { describe, expect, it } from 'vitest';
import { parseKernelCommandLine } from '../../../../../src/runtime/vmkernel/boot/kernel-command-line.ts';

describe("the kernel's command line", () => {
  it('tells build, bank and partition among words that are for others', () => {
    const text =
      'BOOT_IMAGE=(hd0,gpt5)/vmkernel console=ttyS0,115200n8 quiet twinbank.build=0.1.0-1 ' +
      'twinbank.layers=engine,agents twinbank.bank=5 twinbank.partuuid=5A2F0C11-AB\n';
    expect(parseKernelCommandLine(text)).toMatchObject({
      build: '0.1.0-1',
      bank: 5,
      partitionGuid: '5a2f0c11-ab',
    });
  });

  it.each([
    '',
    'quiet',
    'twinbank.bank= twinbank.partuuid=',
    'twinbank.bank=five',
    'twinbank.bank=-1',
    'twinbank.bank',
    'xtwinbank.bank=5',
  ])('names no bank where the loader did not choose one: %j', (text) => {
    const found = parseKernelCommandLine(text);
    expect(found.build).toBe('unknown');
    expect(found).not.toHaveProperty('bank');
    expect(found).not.toHaveProperty('partitionGuid');
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
