import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  decodeSlot,
  encodeSlot,
  maxContentBytes,
  type SavedState,
  slotBytes,
} from '../../../src/state/slot.ts';
import { errorOf } from '../../support/error-of.ts';

const saved: SavedState = { generation: 0x1_0000_0203, schema: 1, content: Buffer.from('abc') };

/** Written by hand from docs/updates.md, not by the encoder. */
const head = Buffer.from(
  [
    '54574253', // TWBS
    '0100', // version
    '0100', // schema
    '0302000001000000', // generation
    '03000000', // bytes of content
  ].join(''),
  'hex',
);
const byHand = Buffer.alloc(1024);
byHand.set(head);
byHand.set(createHash('sha256').update(head).update('abc').digest(), 20);
byHand.write('abc', 512);

/** The slot with other bytes in a place, its hash as it was. */
const edited = (at: number, bytes: readonly number[]) => {
  const slot = Buffer.from(byHand);
  slot.set(bytes, at);
  return slot;
};

describe('a state slot', () => {
  it('is written as its format says, in whole sectors', () => {
    expect(Buffer.from(encodeSlot(saved)).toString('hex')).toBe(byHand.toString('hex'));
  });

  it('is read back as it was written, whatever an older save left behind it', () => {
    const slot = Buffer.alloc(slotBytes, 0xee);
    slot.set(encodeSlot(saved));
    const reading = decodeSlot(slot);
    expect(reading).toEqual({
      ok: true,
      saved: { ...saved, content: new Uint8Array([97, 98, 99]) },
    });
  });

  it('may be full to its last byte', () => {
    const content = Buffer.alloc(maxContentBytes, 7);
    const slot = encodeSlot({ ...saved, content });
    expect(slot.length).toBe(slotBytes);
    expect(decodeSlot(slot)).toMatchObject({ ok: true });
    const error = errorOf(() => encodeSlot({ ...saved, content: Buffer.alloc(slotBytes) }));
    expect(error).toMatchObject({ kind: 'refused', code: 'state.too-large' });
  });

  it('of a schema that nobody knows yet is read, for its generation', () => {
    const reading = decodeSlot(encodeSlot({ ...saved, schema: 9 }));
    expect(reading).toMatchObject({ ok: true, saved: { schema: 9, generation: saved.generation } });
  });

  it('that was never written is empty, not damaged', () => {
    expect(decodeSlot(new Uint8Array(slotBytes))).toMatchObject({ ok: false, empty: true });
  });

  it.each([0, -1, 1.5, 2 ** 53])('has no generation %d', (generation) => {
    expect(errorOf(() => encodeSlot({ ...saved, generation })).code).toBe('state.generation');
  });

  it.each<[string, Uint8Array, string]>([
    ['another mark', edited(0, [0x58]), 'expected TWBS at byte 0, found "XWBS"'],
    ['a later version', edited(4, [2]), 'expected version 1 at byte 4, found 2'],
    ['generation 0', edited(8, [0, 0, 0, 0, 0]), 'expected a generation from 1 at byte 8, found 0'],
    ['a generation beyond all', edited(15, [0xff]), 'found 18374686483966591491'],
    [
      'content beyond its end',
      edited(18, [0xff]),
      'expected at most 512 bytes of content at byte 16',
    ],
    ['another schema than it was written with', edited(6, [2]), 'expected its SHA-256 at byte 20'],
    ['one bit of content that turned', edited(514, [0x62]), 'expected its SHA-256 at byte 20'],
    ['content that was not written any more', edited(512, [0, 0, 0]), 'it is torn or damaged'],
    ['less than a sector', byHand.subarray(0, 511), 'expected 262144 bytes, found 511'],
  ])('with %s says what is wrong with it', (_what, slot, reason) => {
    const reading = decodeSlot(slot);
    expect(reading).toMatchObject({ ok: false, empty: false });
    expect('reason' in reading && reading.reason).toContain(reason);
  });
});
