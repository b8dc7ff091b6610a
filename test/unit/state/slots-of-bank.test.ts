import { describe, expect, it } from 'vitest';
import { memoryDevice } from '../../../src/disk/block-device.ts';
import { openFat } from '../../../src/disk/fat/volume.ts';
import { slotBytes } from '../../../src/state/slot.ts';
import { readBankState } from '../../../src/state/slots-of-bank.ts';
import { payload } from '../disk/fat/trees.ts';
import { type StateBank, stateBank } from './state-bank.ts';

const names = ({ device }: StateBank) => readBankState(device).slots.map(({ name }) => name);

describe('the state slots of a bank', () => {
  it('are found with their place and what they hold, beside the verdict', () => {
    const bank = stateBank();
    bank.mark({ bootstate: '3', verdict: 'R' });
    bank.put(2, 7, 'hello');
    const { verdict, slots } = readBankState(bank.device);
    expect(verdict).toBe('R');
    expect(slots).toMatchObject([
      { name: 'state1.slt', reading: { ok: false, empty: true } },
      { name: 'state2.slt', reading: { ok: true, saved: { generation: 7, schema: 2 } } },
    ]);
    const [extent] = openFat(bank.device).extents('state2.slt');
    expect(slots[1]!.offset).toBe(extent!.offset);
  });

  it('are none in a bank without them, or in what is no bank', () => {
    expect(readBankState(stateBank([]).device)).toEqual({ verdict: '-', slots: [] });
    const noise = memoryDevice(payload(1 << 20, 4));
    expect(readBankState(noise)).toEqual({ verdict: undefined, slots: [] });
    expect(readBankState(memoryDevice(new Uint8Array(100))).slots).toEqual([]);
  });

  it('are the good one where the other is missing, too short, or a folder', () => {
    expect(names(stateBank(['state2.slt']))).toEqual(['state2.slt']);
    const short = stateBank();
    short.edit((volume) => volume.write('state1.slt', new Uint8Array(slotBytes - 1)));
    expect(names(short)).toEqual(['state2.slt']);
    const folder = stateBank(['state1.slt']);
    folder.edit((volume) => volume.mkdir('state2.slt'));
    expect(names(folder)).toEqual(['state1.slt']);
  });

  it('are the good one where the other is in pieces', () => {
    const bank = stateBank(['state1.slt']);
    bank.edit((volume) => {
      // Files that fill the volume; the gaps that every other one leaves are too small for a slot.
      const size = slotBytes / 2;
      const count = Math.floor(volume.freeBytes / size);
      for (let one = 0; one < count; one++) volume.write(`f${one}`, new Uint8Array(size));
      volume.flush();
      for (let one = 0; one < count; one += 2) volume.remove(`f${one}`);
      volume.flush();
      volume.write('state2.slt', new Uint8Array(slotBytes));
      expect(volume.extents('state2.slt').length).toBeGreaterThan(1);
    });
    expect(names(bank)).toEqual(['state1.slt']);
  });

  it('are none where both lead to the same place, as a save would end both', () => {
    const bank = stateBank();
    const { slots } = readBankState(bank.device);
    // The first cluster of a root entry is at byte 26 (FAT specification 1.03, section 6).
    const entry = bank.bytes.indexOf('STATE2  SLT', 0, 'latin1');
    const first = bank.bytes.indexOf('STATE1  SLT', 0, 'latin1');
    bank.bytes.copy(bank.bytes, entry + 26, first + 26, first + 28);
    expect(slots).toHaveLength(2);
    expect(readBankState(bank.device).slots).toEqual([]);
  });

  it('count without a verdict where boot.cfg is malformed', () => {
    const bank = stateBank();
    bank.put(1, 3, 'x');
    bank.edit((volume) => volume.remove('boot.cfg'));
    const { verdict, slots } = readBankState(bank.device);
    expect(verdict).toBeUndefined();
    expect(slots[0]!.reading.ok).toBe(true);
  });
});
