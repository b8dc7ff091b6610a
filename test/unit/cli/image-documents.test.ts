import fs, { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withdrawDocuments } from '../../../src/disk/image-documents.ts';
import { packState } from '../../../src/state/archive.ts';
import { hostImage } from '../update/host-image.ts';
import { baseOf, sign } from '../update/manifests.ts';
import { updateFixture } from './update-fixture.ts';

const { at, run, image, bundle, read } = updateFixture();
const v1 = sign(baseOf());
await bundle('v2.tbu', [sign(baseOf({ version: '2.0' }))]);

writeFileSync(at('state.tgz'), packState([]));

const documents = {
  'x.bmap': '<?xml version="1.0" ?><bmap version="2.0"></bmap>',
  'x.img.bmap': '<bmap version="1.3"></bmap>',
  'x.manifest.json': '{"schemaVersion":1,"image":"x"}',
  'x.cdx.json': '{"bomFormat":"CycloneDX"}',
  'x.provenance.json': '{"_type":"https://in-toto.io/Statement/v1","predicate":{}}',
  'x.provenance.dsse.json': '{"payloadType":"application/vnd.in-toto+json"}',
  'x.lock.yaml': 'components: {}\n',
};
const names = Object.keys(documents);
const maps = names.filter((name) => name.endsWith('bmap'));
const said = names.filter((name) => !maps.includes(name) && name !== 'x.lock.yaml');

/** An image with all that a build puts beside it, in a folder of its own. */
function built(folder: string): string {
  mkdirSync(at(folder));
  for (const [name, text] of Object.entries(documents))
    writeFileSync(at(`${folder}/${name}`), text);
  const banks = { 5: { manifests: [v1] }, 6: { manifests: [v1] } };
  return image(`${folder}/x.img`, hostImage(banks));
}
const left = (path: string) => readdirSync(at(dirname(path))).filter((name) => name !== 'x.img');

/** Root may remove anything, and what runs this is often root. A mock of the module would come too late for files that are loaded. */
async function withLocked<T>(locked: string, work: () => Promise<T>): Promise<T> {
  const { rmSync } = fs;
  fs.rmSync = (path, options) => {
    if (path === locked) throw Object.assign(new Error('EROFS'), { code: 'EROFS' });
    rmSync(path, options);
  };
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    fs.rmSync = rmSync;
    syncBuiltinESMExports();
  }
}

describe('what a build has put beside an image', () => {
  it.each<[string, string[], string[]]>([
    ['bank IMAGE rollback', ['bank', 'IMAGE', 'rollback'], said],
    ['bank IMAGE invalidate', ['bank', 'IMAGE', 'invalidate', '6'], said],
    ['state restore', ['state', 'restore', 'IMAGE', 'state.tgz'], said],
    ['boot --write', ['boot', 'IMAGE', '--engine', 'sim', '--write'], said],
    [
      'boot --write with a fault on the disk',
      ['boot', 'IMAGE', '--engine', 'sim', '--write', '--fault', 'flip-bit=engine.v00@6'],
      [],
    ],
    ['update', ['update', 'IMAGE', 'v2.tbu'], []],
  ])('goes by name where it becomes untrue by `%s`', async (what, argv, stays) => {
    const path = built(what.replaceAll(/\W+/g, '-'));
    const { code, stderr } = await run(argv.map((one) => (one === 'IMAGE' ? path : one)));
    expect([0, 7]).toContain(code);
    expect(left(path).sort()).toEqual([...stays, 'x.lock.yaml'].sort());
    const gone = [...maps, ...said].filter((name) => !stays.includes(name));
    for (const name of gone) expect(stderr).toContain(name);
    expect(stderr).toMatch(/removed, as \S+x\.img is changed and no longer what they say\n/);
    // What has nothing beside it says nothing.
    const again = await run(['bank', path, 'confirm', '5']);
    expect(again.stderr).not.toContain('removed');
  });

  it.each([
    [['update', 'IMAGE', 'v2.tbu', '--dry-run'], 0],
    [['update', 'IMAGE', 'v2.tbu', '--key', 'nobody.pub'], 5],
    [['bank', 'IMAGE', 'invalidate', '7'], 8],
    [['bank', 'IMAGE'], 0],
    [['boot', 'IMAGE', '--engine', 'sim'], 0],
    [['state', 'backup', 'IMAGE', 'other.tgz'], 8],
  ])('stays where nothing is written: %j', async (argv, expected) => {
    const path = built(`stays-${Math.random()}`);
    const before = read(path);
    const { code } = await run(argv.map((one) => (one === 'IMAGE' ? path : one)));
    expect(code).toBe(expected);
    expect(left(path).sort()).toEqual([...names].sort());
    expect(read(path).equals(before)).toBe(true);
  });

  it('is gone before the first write, or nothing is written', async () => {
    const path = built('locked');
    const before = read(path);
    const { code, stderr } = await withLocked(at('locked/x.bmap'), () =>
      run(['bank', path, 'rollback']),
    );
    expect(code).toBe(5);
    expect(stderr).toContain('x.bmap: could not remove it (EROFS), though it will be untrue once ');
    expect(read(path).equals(before)).toBe(true);
  });

  it('goes beside a link and beside what it leads to', async () => {
    const path = built('linked');
    symlinkSync('linked/x.img', at('current.img'));
    writeFileSync(at('current.bmap'), documents['x.bmap']);
    expect((await run(['bank', 'current.img', 'rollback'])).code).toBe(0);
    expect(existsSync(at('current.bmap'))).toBe(false);
    expect(left(path)).not.toContain('x.bmap');
  });

  it('stays where it is of another program, whatever its name', async () => {
    const path = built('foreign');
    writeFileSync(at('foreign/x.bmap'), 'a picture');
    writeFileSync(at('foreign/x.manifest.json'), '{"name":"a web application"}');
    expect((await run(['update', path, 'v2.tbu'])).code).toBe(0);
    expect(left(path).sort()).toEqual(['x.bmap', 'x.lock.yaml', 'x.manifest.json']);
  });

  it('lets a changed image be flashed, to where an older block map goes', async () => {
    const path = built('flashed');
    await run(['bank', path, 'invalidate', '6']);
    writeFileSync(at('target.bmap'), documents['x.bmap']);
    const { code, stderr } = await run(['flash', path, 'target.img']);
    expect([code, existsSync(at('target.bmap'))]).toEqual([0, false]);
    expect(stderr).toContain('target.bmap: removed, as ');
    expect((await run(['flash', 'target.img', 'again.img'])).code).toBe(0);
  });

  it('stays of an image of which a disk of the same name is made', () => {
    const path = at(built('packed'));
    const disk = at('packed/x.vmdk');
    symlinkSync('packed', at('packed-link'));
    for (const except of [path, path.replace('/packed/', '/packed-link/')])
      expect(withdrawDocuments(disk, { change: 'system', except })).toEqual([]);
    // What has the name alone is the raw image's, for as long as there is one.
    expect(withdrawDocuments(disk, { change: 'system' })).toEqual([]);
    writeFileSync(`${disk}.bmap`, documents['x.bmap']);
    expect(withdrawDocuments(disk, { change: 'system' })).toEqual([`${disk}.bmap`]);
    fs.rmSync(path);
    expect(withdrawDocuments(disk, { change: 'system' })).toHaveLength(5);
  });

  it('stays where the image is packed, and nothing can be written', async () => {
    const path = built('refused');
    for (const name of maps) fs.rmSync(at(`refused/${name}`));
    expect((await run(['flash', path, 'refused/y.qcow2'])).code).toBe(0);
    for (const [name, text] of Object.entries(documents))
      writeFileSync(at(`refused/${name.replace('x.', 'y.')}`), text);
    const before = read('refused/y.qcow2');
    for (const argv of [
      ['bank', 'refused/y.qcow2', 'rollback'],
      ['boot', 'refused/y.qcow2', '--engine', 'sim', '--write'],
    ]) {
      const { code, stderr } = await run(argv);
      expect([code, stderr]).toEqual([8, expect.stringContaining('which is only read')]);
    }
    expect(read('refused/y.qcow2').equals(before)).toBe(true);
    expect(left('refused/x.img').filter((name) => name.startsWith('y.'))).toHaveLength(8);
  });
});
