import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStoreJournal } from '../../../../../src/runtime/vmkernel/boot/journal.ts';
import { recordsIn, storeBytes } from '../../../hostcore/store-bytes.ts';

let folder: string;
let store: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-'));
  store = join(folder, 'store.img');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the boot journal of a partition', () => {
  it('has what was written', () => {
    writeFileSync(store, storeBytes());
    openStoreJournal(store, () => 0).write({ event: 'shutdown', bank: 5, why: 'one' });
    expect(recordsIn(readFileSync(store))).toMatchObject([{ sequence: 1, why: 'one' }]);
  });

  it('says what is wrong where the file is cut short, is not there, or there is none at all', () => {
    writeFileSync(store, storeBytes().subarray(0, 1 << 20));
    expect(openStoreJournal(store, Date.now).problem).toMatch(/\S/);
    const none = openStoreJournal(join(folder, 'none'), Date.now);
    expect(none.problem).toMatch(/there is no such file/);
    expect(openStoreJournal(undefined, Date.now).problem).toBe('no disk has a store');
  });
});
