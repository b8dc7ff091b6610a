import { expect, it } from 'vitest';
import { functionRanges } from '../../../../../src/builder/modules/engine/program-functions.ts';
import { elfFile } from '../elf-file.ts';

const [FUNC, FILE, OBJECT] = [2, 4, 1];

interface Row {
  readonly name: string;
  readonly type?: number;
  readonly at?: number;
  readonly size?: number;
}

/** A program of 512 bytes of code, at byte 64, with these symbols in this order (Elf64_Sym). */
function program(rows: readonly Row[]): Uint8Array {
  const strings = Buffer.from(`\0${rows.map(({ name }) => `${name}\0`).join('')}`);
  const symbols = rows.map(({ name, type = FUNC, at = 0, size = 0 }) => {
    const symbol = Buffer.alloc(24);
    symbol.writeUInt32LE(strings.indexOf(`\0${name}\0`) + 1, 0);
    symbol.writeUInt8(type, 4);
    symbol.writeUInt16LE(type === FILE ? 0xfff1 : 1, 6);
    symbol.writeBigUInt64LE(BigInt(at), 8);
    symbol.writeBigUInt64LE(BigInt(size), 16);
    return symbol;
  });
  return elfFile([
    { name: '.text', type: 1, data: Buffer.alloc(512) },
    { name: '.symtab', type: 2, data: Buffer.concat(symbols), link: '.strtab' },
    { name: '.strtab', type: 3, data: strings },
  ]);
}

const gone = (name: string): boolean => name.startsWith('gone');

it('takes neighbours as one range, and what stays between them out of it', () => {
  const file = program([
    { name: 'gone3', at: 160, size: 16 },
    { name: 'gone1', at: 0, size: 20 },
    { name: 'gone2', at: 32, size: 32 },
    { name: 'kept', at: 96, size: 48 },
    { name: 'gone_table', type: OBJECT, at: 200, size: 8 },
    { name: 'gone_later', at: 300, size: 10 },
  ]);
  expect(functionRanges(file, file, gone)).toEqual([
    { start: 64, end: 128 },
    { start: 224, end: 240 },
    { start: 364, end: 374 },
  ]);
});

it('keeps code that a function which stays shares or reaches into', () => {
  const file = program([
    { name: 'gone1', at: 0, size: 16 },
    { name: 'kept', at: 0, size: 40 },
    { name: 'gone2', at: 32, size: 16 },
    { name: 'gone3', at: 48, size: 16 },
  ]);
  expect(functionRanges(file, file, gone)).toEqual([{ start: 112, end: 128 }]);
});

it('knows static functions by the file that they are in', () => {
  const file = program([
    { name: 'sqlite3.c', type: FILE },
    { name: 'page', at: 0, size: 16 },
    { name: 'other.c', type: FILE },
    { name: 'word', at: 16, size: 16 },
  ]);
  expect(functionRanges(file, file, (_, from) => from === 'sqlite3.c')).toEqual([
    { start: 64, end: 80 },
  ]);
});

it('places functions where strip has moved their section', () => {
  const file = program([{ name: 'gone', at: 16, size: 16 }]);
  const moved = elfFile([
    { name: '.note', type: 7, data: Buffer.alloc(4096) },
    { name: '.text', type: 1, data: Buffer.alloc(512) },
  ]);
  expect(functionRanges(file, moved, gone)).toEqual([{ start: 4176, end: 4192 }]);
  expect(functionRanges(file, elfFile([]), gone)).toEqual([]);
});

it('finds none in a program without symbols', () => {
  expect(functionRanges(elfFile([]), elfFile([]), () => true)).toEqual([]);
});
