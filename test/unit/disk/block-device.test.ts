import { expect, test } from 'vitest';
import { memoryDevice, sliceDevice } from '../../../src/disk/block-device.ts';

test('a device in memory gives copies, and keeps reads and writes within its size', () => {
  const store = Buffer.from('abcdef');
  const device = memoryDevice(store);
  const part = device.read(1, 2);
  part[0] = 0x58;
  expect(store.toString()).toBe('abcdef');
  device.write(4, Buffer.from('XY'));
  expect(store.toString()).toBe('abcdXY');
  for (const call of [
    () => device.read(5, 2),
    () => device.read(-1, 1),
    () => device.read(0.5, 1),
    () => device.write(6, Uint8Array.of(1)),
  ]) {
    expect(call).toThrow(expect.objectContaining({ code: 'device.out-of-range' }));
  }
});

test('a slice of a device cannot reach beyond its own ends', () => {
  const store = Buffer.from('abcdef');
  const slice = sliceDevice(memoryDevice(store), 2, 3);
  expect(Buffer.from(slice.read(0, 3)).toString()).toBe('cde');
  slice.write(2, Buffer.from('X'));
  expect(store.toString()).toBe('abcdXf');
  expect(() => slice.read(2, 2)).toThrow(
    'expected a range within 3 bytes, found 2 bytes at offset 2',
  );
  expect(() => slice.write(3, Uint8Array.of(1))).toThrow('within 3 bytes');
  expect(() => sliceDevice(memoryDevice(store), 4, 3)).toThrow('within 6 bytes');
});

test('passes a flush through a slice', () => {
  let flushes = 0;
  const device = { ...memoryDevice(new Uint8Array(10)), flush: () => void flushes++ };
  sliceDevice(device, 0, 5).flush();
  expect(flushes).toBe(1);
});
