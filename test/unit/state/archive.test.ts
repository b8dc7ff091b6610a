import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packState, unpackState } from '../../../src/state/archive.ts';
import { maxContentBytes } from '../../../src/state/slot.ts';
import type { StateFile } from '../../../src/state/state-file.ts';
import { packTar, readTar } from '../../../src/state/tar.ts';
import { errorOf } from '../../support/error-of.ts';
import { payload } from '../disk/fat/trees.ts';

const files: StateFile[] = [
  { path: 'etc/hostname', bytes: Buffer.from('esx1\n') },
  { path: 'etc/shadow', bytes: Buffer.from('root:!:::::::\n') },
  { path: 'etc/vmware/ntp.json', bytes: Buffer.from('{}\n') },
];
const plain = (found: readonly { path: string; bytes: Uint8Array }[]) =>
  found.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]);
const tarOf = (...entries: [path: string, text: string][]) =>
  packTar(entries.map(([path, text]) => ({ path, mode: 0o644, bytes: Buffer.from(text) })));
const version: [string, string] = ['VERSION', '2\n'];
const version1: [string, string] = ['VERSION', '1\n'];
const refusal = (tar: Uint8Array) => errorOf(() => unpackState(gzipSync(tar)));

describe('the archive of a state', () => {
  it('gives back the files that were put into it', () => {
    expect(plain(unpackState(packState(files)))).toEqual(plain(files));
    expect(unpackState(packState([]))).toEqual([]);
  });

  it('is the same byte for byte for the same files, in whatever order they come', () => {
    const once = packState(files);
    expect(Buffer.compare(packState([...files].reverse()), once)).toBe(0);
    // gzip's header (RFC 1952): no name, no time.
    expect([...once.subarray(0, 8)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
  });

  it('has VERSION first, and a mode for the hash that nobody else may read', () => {
    const bytes = Buffer.from(
      packTar([{ path: 'etc/shadow', mode: 0o600, bytes: Buffer.from('x') }]),
    );
    // Written by hand from POSIX: name, mode, owner, group, size, time, checksum, type, magic.
    const head = Buffer.alloc(512);
    head.write('etc/shadow', 0);
    head.write('0000600\0' + '0000000\0' + '0000000\0' + '00000000001\0' + '00000000000\0', 100);
    head.write('        0', 148);
    head.write('ustar\0' + '00', 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(bytes.subarray(0, 512).toString('latin1')).toBe(head.toString('latin1'));
    expect(bytes.length).toBe(512 + 512 + 1024);
  });

  it('is read when GNU tar made it, or an old tar', () => {
    const tar = Buffer.from(tarOf(version, ['etc/hostname', 'esx1\n']));
    for (const at of [0, 1024]) {
      tar.write('ustar  \0', at + 257, 'latin1');
      tar[at + 156] = 0;
      const head = tar.subarray(at, at + 512);
      head.write('        ', 148);
      const sum = head.reduce((total, byte) => total + byte, 0);
      head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    }
    const padded = Buffer.concat([tar, Buffer.alloc(10_240 - tar.length)]);
    expect(plain(unpackState(gzipSync(padded)))).toEqual([['etc/hostname', 'esx1\n']]);
  });

  it.each<[string, [string, string][], string, string]>([
    ['no VERSION first', [['etc/hostname', 'x'], version], 'state.archive', 'found etc/hostname'],
    ['nothing', [], 'state.archive', 'found none'],
    [
      'a later schema',
      [['VERSION', '3\n']],
      'state.schema',
      'VERSION: expected a schema from 1 to 2, found "3"',
    ],
    ['no schema', [['VERSION', '0\n']], 'state.schema', 'found "0"'],
    ['half a line of it', [['VERSION', '2']], 'state.schema', 'found "2"'],
    ['a file that schema 1 had not', [version1, ['etc/issue', 'x']], 'state.path', '"etc/issue"'],
    ['a file outside etc', [version, ['usr/bin/x', 'x']], 'state.path', '"usr/bin/x"'],
    ['a path back', [version, ['etc/../usr/x', 'x']], 'state.path', '"etc/../usr/x"'],
    ['an empty part of a path', [version, ['etc//x', 'x']], 'state.path', '"etc//x"'],
    [
      'more files of a later version than any has',
      [version, ...[...Array(65).keys()].map((at): [string, string] => [`etc/f${at}`, ''])],
      'state.path',
      'expected at most 64 files of a later version, found 65',
    ],
    [
      'a path that leads elsewhere',
      [version, ['../etc/shadow', 'x']],
      'state.path',
      '"../etc/shadow"',
    ],
    ['an absolute path', [version, ['/etc/shadow', 'x']], 'state.path', '"/etc/shadow"'],
    ['VERSION twice', [version, version], 'state.path', '"VERSION"'],
    [
      'a file twice',
      [version, ['etc/hostname', 'a'], ['etc/hostname', 'b']],
      'state.path',
      'found etc/hostname twice',
    ],
  ])('with %s is refused by name', (_what, entries, code, found) => {
    const error = refusal(tarOf(...entries));
    expect(error).toMatchObject({ kind: 'corrupt', code });
    expect(error.message).toContain(found);
  });

  it('gives back the files of a later version, which it packs for their owner alone', () => {
    const later = { path: 'etc/vmware/later.json', bytes: Buffer.from('{}\n') };
    const packed = packState([later, ...files]);
    expect(plain(unpackState(packed))).toEqual([...plain(files), ...plain([later])]);
    expect(readTar(gunzipSync(packed)).at(-1)).toMatchObject({ path: later.path, mode: 0o600 });
  });

  it('is not made of more than can be unpacked again', () => {
    const large = { path: 'etc/hostname', bytes: Buffer.alloc(2 ** 21) };
    expect(errorOf(() => packState([large]))).toMatchObject({ code: 'state.too-large' });
  });

  it('that would fill the memory is refused before it does', () => {
    const bomb = gzipSync(Buffer.alloc(200 * 2 ** 20));
    expect(bomb.length).toBeLessThan(maxContentBytes);
    const error = errorOf(() => unpackState(bomb));
    expect(error).toMatchObject({ kind: 'corrupt', code: 'state.archive' });
    expect(error.message).toContain('found more than 2097152 bytes in it');
  });

  it('that is none is refused', () => {
    for (const bytes of [new Uint8Array(), payload(3000, 1), packState(files).subarray(0, 60)]) {
      expect(errorOf(() => unpackState(bytes)).code).toBe('state.archive');
    }
    const large = errorOf(() => unpackState(payload(maxContentBytes + 1, 1)));
    expect(large.message).toContain('expected at most 261632 bytes, packed, found 261633');
  });
});

describe('a tar', () => {
  const tar = () => Buffer.from(tarOf(version, ['etc/hostname', 'esx1\n']));
  const edited = (at: number, bytes: string) => {
    const head = tar();
    head.write(bytes, at, 'latin1');
    head.write('        ', 148);
    const sum = head.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return head;
  };

  it.each<[string, Uint8Array, string, string]>([
    [
      'a wrong checksum',
      Buffer.concat([Buffer.from('X'), tar().subarray(1)]),
      'tar.header',
      'byte 0',
    ],
    ['no magic', edited(257, 'USTAR'), 'tar.header', 'expected a header of a tar'],
    [
      'a link',
      edited(156, '2'),
      'tar.type',
      'VERSION: expected a plain file in the tar, found type 50',
    ],
    ['a size in binary', edited(124, '\x80\0\0\0\0\0\0\0\0\0\0\x01'), 'tar.header', 'octal'],
    ['a size beyond its end', edited(124, '77777777777'), 'tar.short', 'found 2560'],
    ['a name that a terminal would obey', edited(0, '\x1b[2J'), 'tar.header', 'printable ASCII'],
    ['no end', tar().subarray(0, 2048), 'tar.short', 'block of zeros at the end'],
    ['half a header', tar().subarray(0, 1300), 'tar.short', 'block of zeros at the end'],
  ])('with %s is refused', (_what, bytes, code, found) => {
    const error = errorOf(() => readTar(bytes));
    expect(error).toMatchObject({ kind: 'corrupt', code });
    expect(error.message).toContain(found);
  });

  it('with a prefix has it in the names of its files', () => {
    expect(readTar(edited(345, 'deep/er'))[0]!.path).toBe('deep/er/VERSION');
  });
});
