import { expect, it } from 'vitest';
import { asBuffer, readSections, readText } from '../../../../src/builder/modules/elf-sections.ts';
import { elfFile } from './elf-file.ts';

it('reads names, places and links of the sections', () => {
  const file = elfFile([
    { name: '.dynsym', type: 11, data: Buffer.alloc(48), link: '.dynstr' },
    { name: '.dynstr', type: 3, data: Buffer.from('\0one\0two\0') },
  ]);
  const [none, symbols, strings, names] = readSections(asBuffer(file));
  expect(none).toMatchObject({ name: '', type: 0, size: 0 });
  expect(symbols).toEqual({ name: '.dynsym', type: 11, address: 0, offset: 64, size: 48, link: 2 });
  expect(strings).toEqual({ name: '.dynstr', type: 3, address: 0, offset: 112, size: 9, link: 0 });
  expect(names).toMatchObject({ name: '.shstrtab', offset: 121 });
  expect(readText(asBuffer(file), strings!.offset + 5)).toBe('two');
});

it('shares the memory of a view, wherever it begins', () => {
  const bytes = Uint8Array.from([1, 2, 3, 4]).subarray(1, 3);
  const buffer = asBuffer(bytes);
  buffer[0] = 9;
  expect([...bytes]).toEqual([9, 3]);
  expect(buffer.length).toBe(2);
});
