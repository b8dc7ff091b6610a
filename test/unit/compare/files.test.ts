import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNewc } from '../../../src/builder/modules/read-newc.ts';
import { compareFiles, listedFiles } from '../../../src/compare/compare-files.ts';
import type { ModuleFile } from '../../../src/compare/module-file.ts';
import { readPseudoFile } from '../../../src/compare/pseudo-file.ts';
import { encodeNewc } from '../../../src/disk/newc.ts';
import { mirrored } from './arbitraries.ts';

const files: fc.Arbitrary<ModuleFile[]> = fc.uniqueArray(
  fc.record({
    path: fc.constantFrom('a', 'b', 'c', 'd'),
    type: fc.constantFrom('file' as const, 'symlink' as const),
    mode: fc.constantFrom(0o644, 0o755),
    owner: fc.constant('0:0'),
    bytes: fc.constantFrom(1, 2),
    sha256: fc.constantFrom('0', '1'),
    target: fc.constantFrom('', 'x'),
  }),
  { selector: ({ path }) => path },
);

describe('the comparison of the files in a module', () => {
  it('finds nothing between equal ones, and the same from the other side', () => {
    fc.assert(
      fc.property(files, files, (a, b) => {
        expect(compareFiles('m', a, structuredClone(a))).toEqual([]);
        const there = compareFiles('m', a, b);
        expect(compareFiles('m', b, a)).toEqual(mirrored(there));
        for (const { a: ours, b: theirs } of there) expect(ours).not.toEqual(theirs);
      }),
    );
  });

  it('knows of lists of paths only what came and went', () => {
    const found = compareFiles('m', listedFiles(['a', 'b']), listedFiles(['b', 'c']));
    expect(found.map(({ path, change }) => `${change} ${path}`)).toEqual(['removed a', 'added c']);
  });
});

describe('the reading of a newc archive', () => {
  const tree = new Map([
    ['bin', { type: 'directory', mode: 0o755 }],
    ['bin/sh', { type: 'symlink', target: 'busybox' }],
    ['bin/busybox', { type: 'file', mode: 0o755, data: Buffer.from('program') }],
  ] as const);

  it('gives what was written', () => {
    const found = readNewc(encodeNewc(new Map(tree)));
    expect(found.map(({ path, mode, data }) => [path, mode.toString(8), String(data)])).toEqual([
      ['bin', '40755', ''],
      ['bin/sh', '120777', 'busybox'],
      ['bin/busybox', '100755', 'program'],
    ]);
  });

  it('refuses one that is cut short or damaged anywhere, and never reads beyond it', () => {
    const whole = encodeNewc(new Map(tree));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 130 }), (length) => {
        expect(() => readNewc(whole.subarray(0, length))).toThrow(
          expect.objectContaining({ kind: 'corrupt' }),
        );
      }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 109 }),
        fc.integer({ min: 0, max: 255 }),
        (at, byte) => {
          const changed = Uint8Array.from(whole);
          changed[at] = byte;
          try {
            for (const { data } of readNewc(changed))
              expect(data.length).toBeLessThan(whole.length);
          } catch (error) {
            expect(error).toMatchObject({ code: 'compare.newc' });
          }
        },
      ),
    );
  });
});

describe('the reading of a pseudo file', () => {
  it('understands every type, and blanks, quotes and backslashes in names', () => {
    const found = readPseudoFile(
      [
        '/ D 1795356143 755 0 0',
        'a\\ b R 1795356143 4755 0 12 3 0',
        'q\\"u\\\\o S 1795356143 777 0 0 ../a b',
        'hard L a b',
        'null C 1795356143 666 0 0 1 3',
        '',
      ].join('\n'),
    );
    expect(found).toEqual([
      { path: '/', type: 'D', mode: 0o755, owner: '0:0', bytes: 0, offset: 0, rest: '' },
      { path: 'a b', type: 'R', mode: 0o4755, owner: '0:12', bytes: 3, offset: 0, rest: '3 0' },
      { path: 'q"u\\o', type: 'S', mode: 0o777, owner: '0:0', bytes: 0, offset: 0, rest: '../a b' },
      { path: 'hard', type: 'L', mode: 0, owner: '0:0', bytes: 0, offset: 0, rest: 'a b' },
      { path: 'null', type: 'C', mode: 0o666, owner: '0:0', bytes: 0, offset: 0, rest: '1 3' },
    ]);
  });

  it('refuses a line that defines nothing', () => {
    expect(() => readPseudoFile('a D 0 755 0 0\nsomething else\n')).toThrow(
      expect.objectContaining({ code: 'compare.pseudo-file' }),
    );
  });
});
