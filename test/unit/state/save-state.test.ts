import { describe, expect, it } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { type BlockDevice, memoryDevice } from '../../../src/disk/block-device.ts';
import { packState } from '../../../src/state/archive.ts';
import { chooseState } from '../../../src/state/choose-state.ts';
import { keepState, saveState } from '../../../src/state/save-state.ts';
import { readBankState } from '../../../src/state/slots-of-bank.ts';
import { type StateBank, stateBank } from './state-bank.ts';

const text = (content: string) => Buffer.from(content);

/** `own state1.slt 7 hello`, or nothing. */
function startsFrom(bank: StateBank, other?: StateBank): string | undefined {
  const found = chooseState(readBankState(bank.device), other && readBankState(other.device));
  const content = found && Buffer.from(found.saved.content).toString();
  return found && `${found.bank} ${found.slot.name} ${found.saved.generation} ${content}`;
}

/** What is done to a device, in order: `write OFFSET LENGTH`, `flush`, `drop`. */
function watched(device: BlockDevice) {
  const deeds: string[] = [];
  const bank: BlockDevice = {
    ...device,
    write(offset, bytes) {
      deeds.push(`write ${offset} ${bytes.length}`);
      device.write(offset, bytes);
    },
    flush: () => void deeds.push('flush'),
  };
  return { bank, deeds, dropCaches: async () => void deeds.push('drop') };
}

async function failureOf(work: Promise<unknown>): Promise<TwinbankError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof TwinbankError) return error;
  throw error ?? new Error('expected an error');
}

describe('saving', () => {
  it('begins with generation 1, and takes the slots by turns', async () => {
    const bank = stateBank();
    const pair = { bank: bank.device, other: undefined };
    expect(await saveState(pair, text('a'))).toEqual({
      generation: 1,
      slot: 'state1.slt',
      wrote: true,
    });
    expect(await saveState(pair, text('b'))).toMatchObject({ generation: 2, slot: 'state2.slt' });
    expect(await saveState(pair, text('c'))).toMatchObject({ generation: 3, slot: 'state1.slt' });
    expect(startsFrom(bank)).toBe('own state1.slt 3 c');
  });

  it('goes on behind the last generation that there is, in either bank', async () => {
    const [bank, other] = [stateBank(), stateBank()];
    const pair = { bank: bank.device, other: other.device };
    bank.put(1, Number.MAX_SAFE_INTEGER - 1, 'before');
    other.put(1, Number.MAX_SAFE_INTEGER, 'last');
    expect(startsFrom(bank, other)).toBe(`other state1.slt ${Number.MAX_SAFE_INTEGER} last`);
    for (const [index, content] of ['a', 'b', 'c'].entries()) {
      const slot = index % 2 === 0 ? 'state2.slt' : 'state1.slt';
      const generation = index + 1;
      expect(await saveState(pair, text(content))).toEqual({ generation, slot, wrote: true });
      expect(startsFrom(bank, other)).toBe(`own ${slot} ${generation} ${content}`);
    }
    expect(await saveState(pair, text('c'))).toMatchObject({ generation: 3, wrote: false });
  });

  it('is one write in place, in whole sectors, then a flush, then a look past the cache', async () => {
    const { bank, deeds, dropCaches } = watched(stateBank().device);
    const [slot] = readBankState(bank).slots;
    await saveState({ bank, other: undefined, dropCaches }, text('a'.repeat(513)));
    expect(deeds).toEqual(['drop', `write ${slot!.offset} 1536`, 'flush', 'drop']);
  });

  it('changes no byte outside the slot', async () => {
    const bank = stateBank();
    const before = Buffer.from(bank.bytes);
    const [first] = readBankState(bank.device).slots;
    await saveState({ bank: bank.device, other: undefined }, text('hello'));
    bank.bytes.copy(before, first!.offset, first!.offset, first!.offset + 1024);
    expect(bank.bytes.equals(before)).toBe(true);
  });

  it('is newer than everything in both banks, whatever its schema and verdict', async () => {
    const [bank, other] = [stateBank(), stateBank()];
    bank.put(1, 5, 'own');
    other.put(1, 9, 'theirs', 7);
    other.mark({ bootstate: '3', verdict: 'R' });
    const result = await saveState({ bank: bank.device, other: other.device }, text('new'));
    expect(result).toEqual({ generation: 10, slot: 'state2.slt', wrote: true });
  });

  it('writes nothing where the bank holds just that as the newest already', async () => {
    const { bank, deeds } = watched(stateBank().device);
    const pair = { bank, other: stateBank().device };
    await saveState(pair, text('a'));
    deeds.length = 0;
    expect(await saveState(pair, text('a'))).toEqual({
      generation: 1,
      slot: 'state1.slt',
      wrote: false,
    });
    expect(deeds).toEqual([]);
  });

  it('writes the same again where the other bank has something newer', async () => {
    const [bank, other] = [stateBank(), stateBank()];
    bank.put(1, 5, 'a');
    other.put(2, 6, 'b');
    const pair = { bank: bank.device, other: other.device };
    expect(await saveState(pair, text('a'))).toMatchObject({ generation: 7, wrote: true });
    expect(startsFrom(bank, other)).toBe('own state2.slt 7 a');
  });

  it('takes a damaged slot before a good one, and heals it', async () => {
    const bank = stateBank();
    bank.put(1, 8, 'old');
    bank.put(2, 9, 'damaged');
    bank.damage(2, 515);
    const result = await saveState({ bank: bank.device, other: undefined }, text('new'));
    expect(result).toMatchObject({ generation: 9, slot: 'state2.slt' });
  });

  it('never writes over the slot that the bank starts from, though another schema is newer', async () => {
    const bank = stateBank();
    bank.put(1, 3, 'known');
    bank.put(2, 8, 'of a later version', 3);
    const result = await saveState({ bank: bank.device, other: undefined }, text('new'));
    expect(result).toMatchObject({ generation: 9, slot: 'state2.slt' });
  });

  it('never writes to the other bank', async () => {
    const [bank, other] = [stateBank(), stateBank()];
    other.put(1, 3, 'theirs');
    const before = Buffer.from(other.bytes);
    await saveState({ bank: bank.device, other: other.device }, text('new'));
    await keepState({ bank: bank.device, other: other.device });
    expect(other.bytes.equals(before)).toBe(true);
  });
});

describe('a save that cannot be', () => {
  it('is refused where the one slot there is holds what the bank starts from', async () => {
    const bank = stateBank(['state1.slt']);
    bank.put(1, 3, 'only');
    const before = Buffer.from(bank.bytes);
    const error = await failureOf(saveState({ bank: bank.device, other: undefined }, text('new')));
    expect(error).toMatchObject({ kind: 'corrupt', code: 'state.no-slot' });
    expect(error.message).toContain('found 1');
    expect(bank.bytes.equals(before)).toBe(true);
  });

  it('can be where the other bank holds the newest, though there is one slot', async () => {
    const [bank, other] = [stateBank(['state1.slt']), stateBank()];
    bank.put(1, 3, 'own');
    other.put(1, 4, 'theirs');
    const pair = { bank: bank.device, other: other.device };
    expect(await saveState(pair, text('new'))).toMatchObject({ generation: 5 });
  });

  it('is refused in a bank without slots', async () => {
    const bank = stateBank([]);
    const error = await failureOf(saveState({ bank: bank.device, other: undefined }, text('new')));
    expect(error.code).toBe('state.no-slot');
  });

  it('is refused where the table gives clusters of the slot to another file as well', async () => {
    const bank = stateBank();
    const entry = bank.bytes.indexOf('ENGINE  V00', 0, 'latin1');
    const first = bank.bytes.indexOf('STATE1  SLT', 0, 'latin1');
    bank.bytes.copy(bank.bytes, entry + 26, first + 26, first + 28);
    const before = Buffer.from(bank.bytes);
    const error = await failureOf(saveState({ bank: bank.device, other: undefined }, text('new')));
    expect(error).toMatchObject({ kind: 'corrupt', code: 'fat.chain-crossed' });
    expect(bank.bytes.equals(before)).toBe(true);
  });

  it('is refused when it is too large, before anything is written', async () => {
    const { bank, deeds } = watched(stateBank().device);
    const large = Buffer.alloc(262_144 - 511);
    const error = await failureOf(saveState({ bank, other: undefined }, large));
    expect(error.code).toBe('state.too-large');
    expect(deeds).toEqual([]);
  });

  it('is not reported when the medium forgets it, which only a look past the cache shows', async () => {
    const bank = stateBank();
    bank.put(1, 3, 'before');
    const medium = Buffer.from(bank.bytes);
    const pair = {
      bank: bank.device,
      other: undefined,
      dropCaches: async () => void medium.copy(bank.bytes),
    };
    const error = await failureOf(saveState(pair, text('new')));
    expect(error).toMatchObject({ kind: 'io', code: 'state.not-kept' });
    expect(error.message).toContain('state2.slt: expected generation 4 to read back');
    expect(startsFrom(bank)).toBe('own state1.slt 3 before');
  });
});

it('a save that was not kept counts for nothing at the next one, though a cache still has it', async () => {
  const bank = stateBank();
  bank.put(1, 3, 'before');
  const cache = Buffer.from(bank.bytes);
  const cached: BlockDevice = {
    ...memoryDevice(cache),
    flush() {},
  };
  let drops = 0;
  const dropCaches = async () => {
    if (++drops === 2) throw new Error('no answer');
    bank.bytes.copy(cache);
  };
  const pair = { bank: cached, other: undefined, dropCaches };
  await expect(saveState(pair, text('lost'))).rejects.toThrow('no answer');
  const kept = { ...cached, flush: () => void cache.copy(bank.bytes) };
  expect(await saveState({ ...pair, bank: kept }, text('lost'))).toEqual({
    generation: 4,
    slot: 'state2.slt',
    wrote: true,
  });
  expect(startsFrom(bank)).toBe('own state2.slt 4 lost');
});

describe('keeping the state in a bank', () => {
  const keep = (bank: StateBank, other?: StateBank) =>
    keepState({ bank: bank.device, other: other?.device });

  it('copies what only the other bank has, as the newest', async () => {
    const [bank, other] = [stateBank(), stateBank()];
    bank.put(1, 2, 'old');
    other.put(1, 6, 'newest');
    expect(await keep(bank, other)).toMatchObject({ wrote: true, generation: 7 });
    expect(startsFrom(bank, other)).toBe('own state2.slt 7 newest');
    expect(startsFrom(bank)).toBe('own state2.slt 7 newest');
  });

  it('writes nothing where the bank holds it already, or where there is none', async () => {
    const [bank, other] = [stateBank(), stateBank()];
    expect(await keep(bank, other)).toEqual({ wrote: false, generation: null });
    expect(await keep(bank)).toEqual({ wrote: false, generation: null });
    bank.put(1, 6, 'own');
    other.put(1, 5, 'old');
    expect(await keep(bank, other)).toMatchObject({ wrote: false, generation: 6 });
  });

  it('makes its own state outlive a bank that was rolled back', async () => {
    const [bank, other] = [stateBank(), stateBank()];
    bank.put(1, 2, 'own');
    other.put(1, 6, 'rolled back');
    other.mark({ bootstate: '3', verdict: 'R' });
    expect(await keep(bank, other)).toMatchObject({ wrote: true, generation: 7 });
    other.mark({});
    expect(startsFrom(other, bank)).toBe('other state2.slt 7 own');
  });

  it('makes it an empty one where the bank that was rolled back is the only one with a state', async () => {
    const [bank, other] = [stateBank(), stateBank()];
    other.put(1, 6, 'rolled back');
    other.mark({ bootstate: '3', verdict: 'R' });
    expect(await keep(bank, other)).toMatchObject({ wrote: true, generation: 7 });
    other.mark({});
    const found = chooseState(readBankState(other.device), readBankState(bank.device));
    expect(found).toMatchObject({ bank: 'other', saved: { generation: 7 } });
    expect(Buffer.compare(found!.saved.content, packState([]))).toBe(0);
  });
});
