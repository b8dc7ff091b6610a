import { expect, it } from 'vitest';
import { dropBtf } from '../../../../src/builder/modules/drop-btf.ts';
import { asBuffer, readSections } from '../../../../src/builder/modules/elf-sections.ts';
import { elfFile } from './elf-file.ts';

const parts = [
  { name: '.text', type: 1, data: Buffer.from('code') },
  { name: '.BTF', type: 1, data: Buffer.from('types of everything') },
  { name: '.BTF_ids', type: 1, data: Buffer.from('ids') },
];

/** What `scripts/sign-file` puts behind a module: the signature, 12 bytes that end with its length, the mark. */
function signed(module: Uint8Array, signature = 'PKCS#7'): Buffer {
  const info = Buffer.alloc(12);
  info.writeUInt32BE(signature.length, 8);
  const mark = '~Module signature appended~\n';
  return Buffer.concat([module, Buffer.from(signature), info, Buffer.from(mark)]);
}

it('empties the BTF of a kernel, and keeps the section as long as it was', () => {
  const file = elfFile(parts);
  const dropped = asBuffer(dropBtf(file, 'kernel'));
  const [before, after] = [file, dropped].map((one) => readSections(asBuffer(one)));
  expect(after).toEqual(before);
  const { offset, size } = after!.find(({ name }) => name === '.BTF')!;
  expect([...dropped.subarray(offset, offset + size)]).toEqual(Array(19).fill(0));
  const expected = Buffer.from(file);
  expected.fill(0, offset, offset + size);
  expect(dropped.equals(expected)).toBe(true);
});

it('gives a module an empty BTF, and cuts off the signature that is wrong then', () => {
  const file = elfFile(parts);
  const dropped = dropBtf(signed(file), 'module');
  expect(dropped.length).toBe(file.length);
  const sections = readSections(asBuffer(dropped));
  expect(sections.find(({ name }) => name === '.BTF')).toMatchObject({ size: 0 });
  expect(sections.find(({ name }) => name === '.BTF_ids')).toMatchObject({ size: 3 });
  expect(Buffer.from(dropped).includes('types')).toBe(false);
});

it('leaves what has no BTF as it is, signature and all', () => {
  const module = signed(elfFile(parts.slice(0, 1)));
  expect(dropBtf(module, 'module')).toBe(module);
});
