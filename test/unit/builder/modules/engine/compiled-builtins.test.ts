import { expect, it } from 'vitest';
import { dropCompiledBuiltins } from '../../../../../src/builder/modules/engine/compiled-builtins.ts';
import { elfFile } from '../elf-file.ts';

/** Compiled code as V8 writes it: mark, version, source, flags, snapshot, bytes, two words of zero, the code. */
function compiled(sourceLength: number, code: string, version = 7): Buffer {
  const header = Buffer.alloc(32);
  [0xc0de0689, version, 0x20000000 | sourceLength, 8, 9, code.length].forEach((word, index) => {
    header.writeUInt32LE(word >>> 0, 4 * index);
  });
  return Buffer.concat([header, Buffer.from(code)]);
}

it('empties what no kept source has the length of, aligned or not, and nothing beside it', () => {
  const parts = [
    Buffer.from('constants'),
    compiled(100, 'kept code'),
    compiled(200, 'dropped code'),
    Buffer.from('text'),
    compiled(300, 'more of that'),
    // The same two bytes in other data, and a mark of another V8.
    Buffer.from([0x89, 0x06, 0xde, 0xc0]),
    compiled(400, 'of another V8', 1),
    Buffer.from('end'),
  ];
  const file = elfFile([{ name: '.rodata', type: 1, data: Buffer.concat(parts) }]);
  const size = file.length;
  const dropped = compiled(200, 'dropped code').length + compiled(300, 'more of that').length;
  expect(dropCompiledBuiltins(file, new Set([100]))).toBe(dropped);
  const text = Buffer.from(file).toString('latin1');
  expect(file.length).toBe(size);
  expect(
    ['constants', 'kept code', 'text', 'of another V8', 'end'].every((one) => text.includes(one)),
  ).toBe(true);
  expect(text).not.toMatch(/dropped code|more of that/);
});

it('leaves an engine alone that has none', () => {
  const file = elfFile([{ name: '.text', type: 1, data: compiled(1, 'code') }]);
  const before = Buffer.from(file);
  expect(dropCompiledBuiltins(file, new Set())).toBe(0);
  expect(Buffer.from(file).equals(before)).toBe(true);
});
