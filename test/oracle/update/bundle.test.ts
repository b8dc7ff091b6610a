import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fileSource, memorySource } from '../../../src/update/source/byte-source.ts';
import { makeBundle, readAll } from '../../unit/update/bundle/small-bundle.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bundle = await makeBundle({
  'base.json': 700,
  'base.sig': 512,
  'modules/engine.v00': 2 ** 21 + 5,
  'modules/empty.v00': 0,
  [`modules/${'n'.repeat(92)}`]: 511,
  'packages/tool_1.0~rc1+b2': 513,
});
const contents: Record<string, Uint8Array> = {
  'bundle.json': bundle.indexBytes,
  'bundle.sig': bundle.signatureBytes,
  ...Object.fromEntries(bundle.entries.map(({ path, content }) => [path, content])),
};
const paths = Object.keys(contents);
const written = join(folder, 'x.tbu');
writeFileSync(written, bundle.bytes);

/** The files of the bundle in a folder, as a tar is made of them. */
function unpackedFolder(): string {
  const files = join(folder, 'files');
  for (const [path, bytes] of Object.entries(contents)) {
    mkdirSync(dirname(join(files, path)), { recursive: true });
    writeFileSync(join(files, path), bytes);
  }
  return files;
}
const files = unpackedFolder();

/** What makes GNU tar write the one form. */
const oneForm = {
  format: '--format=ustar',
  owner: '--owner=0',
  group: '--group=0',
  names: '--numeric-owner',
  time: '--mtime=@0',
  mode: '--mode=0644',
  end: '--blocking-factor=1',
};
function tarred(changes: Partial<Record<keyof typeof oneForm, string>> = {}): Buffer {
  const target = join(folder, 'gnu.tar');
  const options = Object.values({ ...oneForm, ...changes }).filter((option) => option !== '');
  judge('tar', [...options, '-C', files, '-cf', target, ...paths]);
  return readFileSync(target);
}

function expectUnpacked(where: string): void {
  const found = readdirSync(where, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(found).toHaveLength(paths.length);
  for (const [path, bytes] of Object.entries(contents)) {
    expect(readFileSync(join(where, path)).equals(bytes), path).toBe(true);
  }
}

judgedBy(['tar'], () => {
  test('tar lists what we wrote, with nobody as owner and no time', () => {
    const lines = judge('tar', ['--full-time', '--utc', '--numeric-owner', '-tvf', written])
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+/));
    expect(lines).toEqual(
      Object.entries(contents).map(([path, { length }]) => {
        return ['-rw-r--r--', '0/0', `${length}`, '1970-01-01', '00:00:00', path];
      }),
    );
  });

  test('tar unpacks what we wrote, byte for byte and without a warning', () => {
    const where = join(folder, 'gnu');
    mkdirSync(where);
    const { status, stderr } = spawnSync('tar', ['-C', where, '-xf', written]);
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
    expectUnpacked(where);
  });

  test('tar writes the same bytes where it is told the form', async () => {
    expect(tarred().equals(bundle.bytes)).toBe(true);
  });

  test.each([
    ['mode', '--mode=0600', 'mode'],
    ['owner', '--owner=1000', 'uid'],
    ['group', '--group=5', 'gid'],
    ['time', '--mtime=@1700000000', 'mtime'],
    ['names', '', 'uname'],
    ['format', '--format=gnu', 'magic'],
    ['format', '--format=v7', 'typeflag'],
  ] as const)(
    'a tar with another %s (%s) is refused, naming the field %s',
    async (key, value, field) => {
      const owner = key === 'names' ? { owner: '--owner=root:0', group: '--group=root:0' } : {};
      const bytes = tarred({ ...owner, [key]: value });
      await expect(readAll(memorySource('x.tbu', bytes))).rejects.toMatchObject({
        kind: 'corrupt',
        code: 'bundle.header',
        data: { field },
        message: expect.stringContaining('x.tbu: bundle.json: '),
      });
    },
  );

  test('a tar in pax form is refused, as its first header is none of a file', async () => {
    const bytes = tarred({ format: '--format=posix', mode: '--mode=0600' });
    await expect(readAll(memorySource('x.tbu', bytes))).rejects.toMatchObject({
      code: 'bundle.header',
    });
  });

  test('a tar with the zeros that tar is used to at its end is refused', async () => {
    const bytes = tarred({ end: '' });
    await expect(readAll(memorySource('x.tbu', bytes))).rejects.toMatchObject({
      kind: 'corrupt',
      code: 'bundle.end',
    });
  });

  test('a file is read as it was written', async () => {
    const source = fileSource(written);
    const read = await readAll(source, bundle);
    await source.close();
    for (const { path, content } of bundle.entries) {
      expect(Buffer.compare(read[path]!, content), path).toBe(0);
    }
  });
});

// A second opinion where there is one: no part of the tools that tests need.
const hasBsdtar = spawnSync('bsdtar', ['--version']).error === undefined;
test.skipIf(!hasBsdtar)('bsdtar, where it is on this machine, unpacks what we wrote', () => {
  const where = join(folder, 'bsd');
  mkdirSync(where);
  expect(judge('bsdtar', ['-tf', written]).trimEnd().split('\n')).toEqual(paths);
  judge('bsdtar', ['-C', where, '-xf', written]);
  expectUnpacked(where);
});
