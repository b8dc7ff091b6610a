import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  confirmRunningBank,
  readBankMarks,
} from '../../../../../src/runtime/vmkernel/boot/running-bank.ts';
import { stateBank } from '../../../state/state-bank.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bank-'));
  path = join(folder, 'bank.img');
  const bank = stateBank();
  bank.mark({ bootstate: '2' });
  writeFileSync(path, bank.bytes);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the device of the bank that runs', () => {
  it('is confirmed, and read again once the caches are dropped', async () => {
    let dropped = '';
    await confirmRunningBank(path, async (device) => {
      dropped = device;
    });
    expect(dropped).toBe(path);
    expect(readBankMarks(path)).toEqual({ bootstate: '0', attempts: '0', verdict: '-' });
  });

  it('is not confirmed when its medium forgets what was written', async () => {
    const before = readFileSync(path);
    const forget = async (): Promise<void> => writeFileSync(path, before);
    await expect(confirmRunningBank(path, forget)).rejects.toThrow(
      'the bank does not keep what is written to it',
    );
  });

  it('is not called confirmed when the caches cannot be dropped', async () => {
    // A plain file is no block device: the real blockdev refuses it, and elsewhere there is none.
    await expect(confirmRunningBank(path)).rejects.toThrow(
      'could not be read back from the medium',
    );
  });
});
