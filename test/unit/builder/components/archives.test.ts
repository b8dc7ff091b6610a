import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { addFile } from '../../../../src/builder/components/cache.ts';
import {
  parseControl,
  readDeb,
  readDebControl,
} from '../../../../src/builder/components/deb-archive.ts';
import { readNpm } from '../../../../src/builder/components/npm-archive.ts';
import { readComponent } from '../../../../src/builder/components/sources.ts';
import { packAr } from './pack-ar.ts';
import { emptyContext, temporaryDirectory } from './surroundings.ts';

type Row = Partial<Header> & { name: string; text?: string };

async function tar(rows: readonly Row[]): Promise<Buffer> {
  const archive = pack();
  for (const { text = '', ...header } of rows) {
    archive.entry({ mtime: new Date(0), ...header } as Header, text);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function deb(rows: readonly Row[], change = (data: Buffer) => data): Promise<string> {
  const control = await tar([{ name: './control', text: 'Package: x\nVersion: 1:2\n' }]);
  const path = join(temporaryDirectory(), 'x.deb');
  const members = [
    { name: 'debian-binary', data: Buffer.from('2.0\n') },
    { name: 'control.tar.gz', data: gzipSync(control) },
    { name: 'data.tar.gz', data: change(gzipSync(await tar(rows))) },
  ];
  writeFileSync(path, packAr(members));
  return path;
}

const all = () => true;

test('only the wanted files are kept, under the paths of a merged /usr', async () => {
  const path = await deb([
    { name: './', type: 'directory', mode: 0o755 },
    { name: './lib/x/a.so.1', text: 'a', mode: 0o644 },
    { name: './lib/x/a.so', type: 'symlink', linkname: 'a.so.1' },
    { name: './usr/bin/tool', text: 'tool', mode: 0o755 },
    { name: './usr/share/doc/big', text: 'x'.repeat(1000) },
  ]);
  const tree = await readDeb(path, (name) => !name.startsWith('usr/share'));
  expect(tree).toEqual(
    new Map<string, unknown>([
      ['usr/lib/x/a.so.1', { type: 'file', mode: 0o644, data: Buffer.from('a') }],
      ['usr/lib/x/a.so', { type: 'symlink', target: 'a.so.1' }],
      ['usr/bin/tool', { type: 'file', mode: 0o755, data: Buffer.from('tool') }],
    ]),
  );
});

test('a wanted hard link has the bytes of its target, wanted or not', async () => {
  const path = await deb([
    { name: './usr/bin/perl5.36', text: 'perl', mode: 0o755 },
    { name: './usr/bin/perl', type: 'link', linkname: './usr/bin/perl5.36' },
  ]);
  const wanted = await readDeb(path, (name) => name === 'usr/bin/perl');
  expect([...wanted]).toEqual([
    ['usr/bin/perl', { type: 'file', mode: 0o755, data: Buffer.from('perl') }],
  ]);
  expect([...(await readDeb(path, all)).keys()]).toEqual(['usr/bin/perl5.36', 'usr/bin/perl']);
});

test('control fields are read, continued lines too', async () => {
  expect((await readDebControl(await deb([]))).get('Version')).toBe('1:2');
  const fields = parseControl('Package: x\nDepends: a,\n b (>= 1)\nDescription: short\n .\n long');
  expect(fields.get('Depends')).toBe('a,\nb (>= 1)');
  expect(fields.get('Description')).toBe('short\n.\nlong');
});

test.each<[string, Row[]]>([
  ['an absolute path', [{ name: '/etc/passwd', text: 'x' }]],
  ['a path that climbs', [{ name: 'a/../../x', text: 'x' }]],
  ['a link that climbs out', [{ name: 'a', type: 'symlink', linkname: '../x' }]],
  ['a hard link out', [{ name: 'a', type: 'link', linkname: '../../etc/passwd' }]],
  ['a hard link to nothing', [{ name: 'a', type: 'link', linkname: 'b' }]],
  [
    'a file below a link',
    [
      { name: 'a', type: 'symlink', linkname: '/etc' },
      { name: 'a/passwd', text: 'x' },
    ],
  ],
  ['a device', [{ name: 'null', type: 'character-device' }]],
])('a package with %s is refused in one sentence', async (_, rows) => {
  const failure = readDeb(await deb(rows), all);
  await expect(failure).rejects.toMatchObject({ kind: 'corrupt' });
  await expect(failure).rejects.toThrow(/x\.deb: .*expected [^\n]*found[^\n]*$/);
});

test.each<[string, (data: Buffer) => Buffer]>([
  ['whose data is cut short', (data) => data.subarray(0, data.length - 20)],
  [
    'whose data has a wrong byte',
    (data) => Buffer.from(data.map((byte, at) => (at === 40 ? ~byte : byte))),
  ],
  ['whose data is no gzip', () => Buffer.from('not gzip at all')],
  ['whose data is empty', () => Buffer.alloc(0)],
])('a package %s is refused', async (_, change) => {
  const rows = [{ name: 'a', text: 'x'.repeat(5000) }];
  const failure = readDeb(await deb(rows, change), all);
  await expect(failure).rejects.toMatchObject({ kind: 'corrupt' });
});

test('what is not a package is refused', async () => {
  const path = join(temporaryDirectory(), 'x');
  writeFileSync(path, packAr([{ name: 'something', data: Buffer.from('x') }]));
  await expect(readDeb(path, all)).rejects.toMatchObject({ code: 'deb.members' });
});

test('the wanted files of an npm package are read', async () => {
  const path = join(temporaryDirectory(), 'x.tgz');
  const rows = [
    { name: 'package/package.json', text: '{}' },
    { name: 'package/bin/node', text: 'node', mode: 0o755 },
  ];
  writeFileSync(path, gzipSync(await tar(rows)));
  const tree = await readNpm(path, (name) => name.startsWith('package/bin/'));
  expect([...tree.keys()]).toEqual(['package/bin/node']);
  writeFileSync(path, gzipSync(await tar([{ name: '../x', text: 'x' }])));
  await expect(readNpm(path, all)).rejects.toMatchObject({ kind: 'corrupt' });
});

test('reading that is told to stop is interrupted, not taken for a damaged package', async () => {
  const { context } = emptyContext();
  const path = await deb([{ name: 'a', text: 'x'.repeat(100_000) }]);
  const component = {
    ...(await addFile(context.cache, path)),
    id: 'deb:x',
    scheme: 'deb',
    name: 'x',
    version: '1',
  } as const;
  const signal = AbortSignal.abort();
  const failure = readComponent(component, all, { ...context, signal });
  await expect(failure).rejects.toMatchObject({ kind: 'interrupted' });
});
