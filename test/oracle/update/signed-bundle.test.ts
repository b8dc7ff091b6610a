import { createHash, generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { builtProgram } from '../builder/built-image.ts';
import { writeSmallRecipe } from '../builder/small-recipe.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

/** Long enough for a build with a cold cache. */
const timeoutMs = 900_000;

interface Manifest {
  readonly modules: readonly { file: string; bytes: number; sha256: string }[];
  readonly packages: readonly { name: string; bytes: number; sha256: string }[];
  readonly trust: readonly { keyId: string; publicKey: string }[];
}

judgedBy(['tar', 'sha256sum', 'openssl', 'sfdisk', 'fsck.fat', 'mdir', 'mcopy', 'cmp'], () => {
  const program = builtProgram();
  const { folder } = program;
  const at = (name: string): string => join(folder, name);
  const twinbank = (...argv: string[]): string => {
    const { status, stdout, stderr } = program.run(argv, { cwd: folder });
    if (status !== 0) throw new Error(`twinbank ${argv.join(' ')}: ${status}: ${stderr}`);
    return stdout;
  };
  const unpacked = at('unpacked');
  const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
  const keyNames = ['old', 'new'];

  beforeAll(() => {
    // OpenSSL's own keys: nothing of ours vouches for itself.
    for (const name of keyNames) {
      judge('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', at(`${name}.key`)]);
      judge('openssl', ['pkey', '-in', at(`${name}.key`), '-pubout', '-out', at(`${name}.pub`)]);
    }
    const recipe = writeSmallRecipe(folder);
    writeFileSync(recipe, `${readFileSync(recipe, 'utf8')}trust: [file:old.pub, file:new.pub]\n`);
    writeFileSync(at('tool.txt'), 'a tool of the store');
    const [v1 = [], v2 = []] = ['1.0.0', '1.1.0'].map((version) => {
      return ['--set', `version=${version}`, '--set', 'store.packages=["file:tool.txt"]'];
    });
    mkdirSync(at('extra/opt'), { recursive: true });
    writeFileSync(at('extra/opt/new'), 'what only the newer one has');
    v2.push('--set', 'modules.extra={type: files, files: "file:extra"}');
    twinbank('build', recipe, ...v1, '--key', 'old.key', '--out', 'v1');
    twinbank('build', recipe, ...v2, '--key', 'new.key', '--out', 'v2');
    const older = ['--from', 'v1/small-1.0.0.manifest.json'];
    const image = ['bundle', 'v2/small-1.1.0.img', '--key', 'old.key', '--out'];
    twinbank(...image, 'full.tbu');
    twinbank(...image, 'small.tbu', ...older);
    twinbank('bundle', recipe, ...v2, '--key', 'new.key', '--out', 'recipe.tbu');
    for (const bundle of ['full', 'small']) {
      mkdirSync(join(unpacked, bundle), { recursive: true });
      judge('tar', ['-C', join(unpacked, bundle), '-xf', at(`${bundle}.tbu`)]);
    }
  }, timeoutMs);

  describe.each(['full', 'small'])('a %s bundle that GNU tar has unpacked', (bundle) => {
    const of = (path: string): string => join(unpacked, bundle, path);

    test('has modules and packages of which sha256sum says what the manifest says', () => {
      const { modules, packages }: Manifest = json(of('base.json'));
      const listed = new Map<string, { bytes: number; sha256: string }>([
        ...modules.map((one) => [`modules/${one.file}`, one] as const),
        ...packages.map((one) => [`packages/${one.name}`, one] as const),
      ]);
      const found = ['modules', 'packages'].flatMap((kind) => {
        return safeList(of(kind)).map((name) => `${kind}/${name}`);
      });
      if (bundle === 'full') expect(found.sort()).toEqual([...listed.keys()].sort());
      else expect(found).toEqual(['modules/extra.v00']);
      for (const path of found) {
        const { bytes, sha256 } = listed.get(path)!;
        expect(judge('sha256sum', [of(path)]).split(' ')[0]).toBe(sha256);
        expect(readFileSync(of(path)).length).toBe(bytes);
      }
    });

    test.each([
      ['bundle', ['old']],
      ['base', ['old', 'new']],
    ])('has signatures of %s.json that openssl verifies, of the keys %j', (name, keys) => {
      const { signatures } = json(of(`${name}.sig`));
      const byId = new Map(keyNames.map((key) => [keyId(at(`${key}.pub`)), key]));
      const signers = signatures.map(({ keyId: id }: { keyId: string }) => byId.get(id));
      expect(signers.sort()).toEqual([...keys].sort());
      for (const { keyId: id, signature } of signatures) {
        writeFileSync(at('signature'), Buffer.from(signature, 'hex'));
        const verify = (file: string) => [
          ...['pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', at(`${byId.get(id)}.pub`)],
          ...['-sigfile', at('signature'), '-in', file],
        ];
        expect(judge('openssl', verify(of(`${name}.json`)))).toContain(
          'Signature Verified Successfully',
        );
        // A judge that is content with anything is none.
        writeFileSync(at('other'), `${readFileSync(of(`${name}.json`))} `);
        expect(() => judge('openssl', verify(at('other')))).toThrow();
      }
    });

    test('names the keys as openssl has them', () => {
      const { trust }: Manifest = json(of('base.json'));
      const expected = keyNames.map((key) => [keyId(at(`${key}.pub`)), rawKey(at(`${key}.pub`))]);
      const found = trust.map(({ keyId: id, publicKey }) => [id, publicKey]);
      expect(found.sort()).toEqual(expected.sort());
    });
  });

  test('a bundle of the recipe holds the same files as one of its image', () => {
    const other = join(unpacked, 'recipe');
    mkdirSync(other);
    judge('tar', ['-C', other, '-xf', at('recipe.tbu')]);
    for (const path of readdirSync(join(unpacked, 'full'), { recursive: true, encoding: 'utf8' })) {
      // The image's bundle was signed by the old key as well.
      if (/\.sig$|^bundle|^(modules|packages)$/.test(path)) continue;
      judge('cmp', [join(unpacked, 'full', path), join(other, path)]);
    }
  });

  describe.each(['full', 'small'])('a host that was updated with a %s bundle', (bundle) => {
    const host = at(`host-${bundle}.img`);
    const built = at('v2/small-1.1.0.img');
    beforeAll(() => {
      cpSync(at('v1/small-1.0.0.img'), host);
      twinbank('update', host, `${bundle}.tbu`);
    });

    test.each([5, 6, 8])('has nothing that fsck.fat finds in partition %d', (partition) => {
      const lines = judge('fsck.fat', ['-n', extracted(host, partition)])
        .trim()
        .split('\n');
      expect(lines).toHaveLength(2);
      expect(lines[1]).toMatch(/: \d+ files, \d+\/\d+ clusters$/);
    });

    test('has a bank with the files that mdir lists of one that was built', () => {
      const list = (image: string, partition: number): string[] =>
        judge('mdir', ['-/', '-b', '-i', `${image}@@${offsetOf(image, partition)}`, '::'])
          .trim()
          .split('\n')
          .sort();
      expect(list(host, 6)).toEqual(list(built, 6));
      expect(list(host, 6)).toContain('::/base.json');
      expect(list(host, 8)).toContain('::/packages/tool.txt');
    });

    test('has that bank byte for byte, but for the marks and the signatures', () => {
      const [updated, fresh] = [copied(host, 6), copied(built, 6)];
      for (const name of readdirSync(fresh)) {
        if (['boot.cfg', 'base.sig'].includes(name.toLowerCase())) continue;
        judge('cmp', [join(updated, name), join(fresh, name)]);
      }
      const lines = (folder: string) =>
        readFileSync(join(folder, 'boot.cfg'), 'latin1').split('\n');
      const marks = /^(bootstate|attempts|verdict|updated)=/;
      const others = (folder: string) => lines(folder).filter((line) => !marks.test(line));
      // What follows the lines is filler, as long as the marks leave room for.
      expect(others(updated).slice(0, -1)).toEqual(others(fresh).slice(0, -1));
      expect(lines(updated).slice(1, 5)).toEqual([
        'bootstate=1',
        'attempts=0',
        'verdict=-',
        'updated=3',
      ]);
    });

    test('has the bank that was kept as it was', () => {
      judge('cmp', [extracted(host, 5), extracted(at('v1/small-1.0.0.img'), 5)]);
    });

    test('is right by both keys, and by no other', () => {
      for (const key of keyNames) {
        const verify = ['verify', `${bundle}.tbu`, '--key', `${key}.pub`];
        expect(program.run(verify, { cwd: folder }).status).toBe(key === 'old' ? 0 : 6);
      }
      expect(program.run(['verify', host], { cwd: folder }).status).toBe(0);
      const stranger = generateKeyPairSync('ed25519').publicKey;
      writeFileSync(at('stranger.pub'), stranger.export({ type: 'spki', format: 'pem' }));
      const ended = program.run(['verify', host, '--key', 'stranger.pub'], { cwd: folder });
      expect(ended.status).toBe(6);
    });
  });

  function extracted(image: string, partition: number): string {
    const path = at(`${basename(image)}-${partition}`);
    const { start, size } = placeOf(image, partition);
    const blocks = [`skip=${start}`, `count=${size}`, 'bs=512', 'conv=sparse', 'status=none'];
    judge('dd', [`if=${image}`, `of=${path}`, ...blocks]);
    return path;
  }

  function copied(image: string, partition: number): string {
    const target = at(`${basename(image)}-${partition}-files`);
    mkdirSync(target, { recursive: true });
    judge('mcopy', ['-n', '-o', '-i', `${image}@@${offsetOf(image, partition)}`, '::*', target]);
    return target;
  }
});

function placeOf(image: string, partition: number): { start: number; size: number } {
  const rows: { node: string; start: number; size: number }[] = JSON.parse(
    judge('sfdisk', ['-J', image]),
  ).partitiontable.partitions;
  const found = rows.find(({ node }) => node === `${image}${partition}`);
  if (!found) throw new Error(`no partition ${partition}`);
  return found;
}

function offsetOf(image: string, partition: number): number {
  return placeOf(image, partition).start * 512;
}

/** The last 32 bytes of a SubjectPublicKeyInfo (RFC 8410 section 4), as openssl writes it. */
function rawKey(path: string): string {
  const text = judge('openssl', ['pkey', '-pubin', '-in', path, '-noout', '-text']);
  return text.replace(/[\s\S]*pub:/, '').replace(/[^0-9a-f]/g, '');
}

function keyId(path: string): string {
  const raw = Buffer.from(rawKey(path), 'hex');
  return createHash('sha256').update(raw).digest('hex').slice(0, 16);
}

function safeList(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
