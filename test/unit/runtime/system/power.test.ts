import { describe, expect, it } from 'vitest';
import { holdsPowerPress } from '../../../../src/runtime/system/power.ts';

/** struct input_event of 64-bit Linux: two 8-byte times, type, code, value. */
function inputEvent(type: number, code: number, value: number): Buffer {
  const event = Buffer.alloc(24, 0xee);
  event.writeUInt16LE(type, 16);
  event.writeUInt16LE(code, 18);
  event.writeInt32LE(value, 20);
  return event;
}

describe('a press of the power button', () => {
  const press = inputEvent(1, 116, 1);
  const synchronised = inputEvent(0, 0, 0);

  it('is seen among other events', () => {
    expect(holdsPowerPress(press)).toBe(true);
    expect(holdsPowerPress(Buffer.concat([inputEvent(1, 30, 1), synchronised, press]))).toBe(true);
    expect(holdsPowerPress(Buffer.concat([Buffer.alloc(5), press]).subarray(5))).toBe(true);
  });

  it.each([
    { what: 'its release', event: inputEvent(1, 116, 0) },
    { what: 'its repetition', event: inputEvent(1, 116, 2) },
    { what: 'another key', event: inputEvent(1, 142, 1) },
    { what: 'another kind of event with the same number', event: inputEvent(4, 116, 1) },
    { what: 'half an event', event: press.subarray(0, 23) },
    { what: 'nothing', event: Buffer.alloc(0) },
  ])('is not $what', ({ event }) => {
    expect(holdsPowerPress(event)).toBe(false);
  });
});
