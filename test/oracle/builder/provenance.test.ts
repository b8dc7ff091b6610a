import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, test } from 'vitest';
import { judge, judgedBy } from '../components/foreign-tool.ts';
import { builtProgram } from './built-image.ts';
import { writeSmallRecipe } from './small-recipe.ts';

/** What in-toto's Statement v1 and SLSA's provenance v1 ask for, of what a build says. */
const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const descriptor = {
  type: 'object',
  anyOf: [{ required: ['uri'] }, { required: ['digest'] }, { required: ['content'] }],
  properties: {
    uri: { type: 'string', pattern: '^pkg:(deb|npm|generic)/' },
    digest: { type: 'object', minProperties: 1, additionalProperties: { type: 'string' } },
    annotations: { type: 'object' },
  },
  additionalProperties: false,
};
const statementSchema = {
  type: 'object',
  required: ['_type', 'subject', 'predicateType', 'predicate'],
  additionalProperties: false,
  properties: {
    _type: { const: 'https://in-toto.io/Statement/v1' },
    predicateType: { const: 'https://slsa.dev/provenance/v1' },
    subject: {
      type: 'array',
      minItems: 3,
      items: {
        type: 'object',
        required: ['name', 'digest'],
        properties: {
          name: { type: 'string', minLength: 1 },
          digest: { type: 'object', required: ['sha256'], properties: { sha256 } },
        },
      },
    },
    predicate: {
      type: 'object',
      required: ['buildDefinition', 'runDetails'],
      properties: {
        buildDefinition: {
          type: 'object',
          required: ['buildType', 'externalParameters', 'resolvedDependencies'],
          properties: {
            buildType: { type: 'string', pattern: '^[a-z]+:' },
            externalParameters: { type: 'object', minProperties: 1 },
            resolvedDependencies: { type: 'array', minItems: 4, items: descriptor },
          },
        },
        runDetails: {
          type: 'object',
          required: ['builder'],
          properties: {
            builder: {
              type: 'object',
              required: ['id'],
              properties: { id: { type: 'string', pattern: '^[a-z]+:' } },
            },
          },
        },
      },
    },
  },
};

judgedBy(['openssl', 'sha256sum', 'cmp', 'mksquashfs', 'unsquashfs'], () => {
  const program = builtProgram();
  const { folder } = program;
  const recipe = writeSmallRecipe(folder);
  const at = (...names: string[]): string => join(folder, ...names);
  const env = { TWINBANK_PASSPHRASE: '' };
  const run = (...argv: string[]) => program.run([...argv, '-q'], { cwd: folder, env });
  const done = (...argv: string[]): string => {
    const { status, stdout, stderr } = run(...argv);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  };
  const key = ['--key', at('k/maker.key')];
  const pub = ['--key', at('k/maker.pub')];
  const envelope = 'a/small-0.1.0+acme-1.0.provenance.dsse.json';

  beforeAll(() => {
    done('keys', 'new', 'k', '--name', 'maker');
    done('keys', 'new', 'k', '--name', 'other');
    mkdirSync(at('acme/files/usr/share/acme'), { recursive: true });
    writeFileSync(at('acme/files/usr/share/acme/x'), 'x\n');
    const lines = [
      'name: acme',
      'vendor: ACME',
      'version: "1.0"',
      'license: MIT OR LicenseRef-ACME',
    ];
    writeFileSync(at('acme/provider.yaml'), `${lines.join('\n')}\n`);
    done('build', recipe, '--oem', 'acme', ...key, '--out', 'a');
  }, 300_000);

  describe('the provenance of a build', () => {
    test('is a statement with the members that in-toto and SLSA ask for', () => {
      const statement = JSON.parse(
        readFileSync(at('a/small-0.1.0+acme-1.0.provenance.json'), 'utf8'),
      );
      const validate = new Ajv({ allErrors: true }).compile(statementSchema);
      expect([validate(statement), validate.errors]).toEqual([true, null]);
      const { externalParameters } = statement.predicate.buildDefinition;
      expect(externalParameters).toMatchObject({ recipe: 'small.yaml', oem: ['acme'], set: [] });
      expect(JSON.stringify(statement)).not.toContain(folder);
    });

    test('names results and modules by the hashes that sha256sum gives', () => {
      const { subject } = JSON.parse(
        readFileSync(at('a/small-0.1.0+acme-1.0.provenance.json'), 'utf8'),
      );
      const hashes = new Map(
        subject.map((one: { name: string; digest: { sha256: string } }) => [
          one.name,
          one.digest.sha256,
        ]),
      );
      for (const end of ['bmap', 'cdx.json']) {
        const found = judge('sha256sum', [at(`a/small-0.1.0+acme-1.0.${end}`)]);
        expect(found).toContain(hashes.get(`small-0.1.0.${end}`));
      }
      const { modules } = JSON.parse(
        readFileSync(at('a/small-0.1.0+acme-1.0.manifest.json'), 'utf8'),
      );
      expect(modules.map((one: { file: string }) => one.file)).toContain('acme.v00');
      for (const { file, sha256: hash } of modules) expect(hashes.get(file)).toBe(hash);
    });

    test('is signed so that openssl confirms it', () => {
      const { payloadType, payload, signatures } = JSON.parse(readFileSync(at(envelope), 'utf8'));
      const body = Buffer.from(payload, 'base64');
      expect(body).toEqual(readFileSync(at('a/small-0.1.0+acme-1.0.provenance.json')));
      const head = `DSSEv1 ${payloadType.length} ${payloadType} ${body.length} `;
      writeFileSync(at('pae'), Buffer.concat([Buffer.from(head), body]));
      writeFileSync(at('pae.sig'), Buffer.from(signatures[0].sig, 'base64'));
      const argv = ['-verify', '-rawin', '-in', at('pae'), '-sigfile', at('pae.sig'), '-pubin'];
      judge('openssl', ['pkeyutl', ...argv, '-inkey', at('k/maker.pub')]);
      expect(() => judge('openssl', ['pkeyutl', ...argv, '-inkey', at('k/other.pub')])).toThrow();
    });

    test('is the same bytes whenever and wherever the same is built', () => {
      mkdirSync(at('elsewhere'));
      copyFileSync(recipe, at('elsewhere/small.yaml'));
      done('build', 'elsewhere/small.yaml', '--oem', at('acme'), ...key, '--out', 'b');
      for (const end of ['provenance.json', 'provenance.dsse.json', 'cdx.json']) {
        judge('cmp', [at(`a/small-0.1.0+acme-1.0.${end}`), at(`b/small-0.1.0+acme-1.0.${end}`)]);
      }
    });
  });

  test('describes what `try` builds as `build` does', () => {
    // It is told that no machine runs here once the image is made.
    const bin = at('bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'qemu-system-x86_64'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const PATH = `${bin}:${process.env.PATH}`;
    const argv = ['try', recipe, '--set', 'build=7', '--out', 'tried', '-q'];
    const { stderr } = program.start(argv, { cwd: folder, env: { ...env, PATH } });
    done('build', recipe, '--set', 'build=7', '--out', 'built');
    const name = 'small-0.1.0.provenance.json';
    const parametersIn = (out: string) =>
      JSON.parse(readFileSync(at(out, name), 'utf8')).predicate.buildDefinition.externalParameters;
    expect(parametersIn('tried'), stderr).toEqual({
      ...{ recipe: 'small.yaml', set: ['build=7'], oem: null, locked: false, unique: false },
      ...{ product: 'twinbank', build: '0.1.0-7' },
    });
    judge('cmp', [at('tried', name), at('built', name)]);
  });

  describe('verify --provenance', () => {
    test('takes the image and the bundle of the build', () => {
      const said = done('verify', 'a/small-0.1.0+acme-1.0.img', '--provenance', envelope, ...pub);
      expect(said).toContain(`${envelope}: the build that made bank 5, bank 6, signed by key `);
      done('bundle', 'a/small-0.1.0+acme-1.0.img', ...key, '--out', 'a.tbu');
      const json = done('verify', 'a.tbu', '--provenance', envelope, ...pub, '--json');
      expect(JSON.parse(json).provenance.manifests).toEqual([
        { place: 'bundle', origin: 'base' },
        { place: 'bundle', origin: 'acme' },
      ]);
    });

    test('refuses another build, another key and a changed statement', () => {
      done('build', recipe, '--set', 'version=0.2.0', ...key, '--out', 'c');
      const verify = (file: string, provenance: string) => {
        const { status, stderr } = run('verify', file, '--provenance', provenance, ...pub);
        return `${status} ${stderr}`;
      };
      expect(verify('c/small-0.2.0.img', envelope)).toMatch(
        /^6 .*: expected bank 5's base\.json among/,
      );
      done('build', recipe, '--oem', 'acme', '--key', at('k/other.key'), '--out', 'd');
      const theirs = 'd/small-0.1.0+acme-1.0.provenance.dsse.json';
      expect(verify('a/small-0.1.0+acme-1.0.img', theirs)).toMatch(
        /^6 .*: expected the signature of a trusted key/,
      );
      const changed = JSON.parse(readFileSync(at(envelope), 'utf8'));
      changed.payload = Buffer.from('{}').toString('base64');
      writeFileSync(at('changed.json'), JSON.stringify(changed));
      expect(verify('a/small-0.1.0+acme-1.0.img', 'changed.json')).toMatch(/^6 /);
    });
  });

  describe('the inventory of an OEM', () => {
    const path = '/usr/share/acme/x';
    const packageOf = (file: string) => {
      const { files } = JSON.parse(done('inspect', file, '--file', path, '--json'));
      expect(files[0].found).toHaveLength(1);
      const [{ module, package: one }] = files[0].found;
      return [module, one.purl, one.supplier, one.licence.terms.join()].join(' ');
    };
    const expected = 'acme pkg:generic/acme@1.0 ACME MIT OR LicenseRef-ACME';

    test('has what provider.yaml says, in an image, a packed file and a bundle', () => {
      expect(packageOf('a/small-0.1.0+acme-1.0.img')).toBe(expected);
      done('oem', 'pack', 'acme', '--recipe', recipe, ...key, '--out', 'acme.oem');
      done('build', recipe, '--oem', 'acme.oem', ...key, '--out', 'packed');
      expect(packageOf('packed/small-0.1.0+acme-1.0.img')).toBe(expected);
      judge('cmp', [
        at('packed/small-0.1.0+acme-1.0.cdx.json'),
        at('a/small-0.1.0+acme-1.0.cdx.json'),
      ]);
      done('bundle', 'packed/small-0.1.0+acme-1.0.img', ...key, '--out', 'packed.tbu');
      expect(packageOf('packed.tbu')).toBe(expected);
    });

    test('goes along in an update that knows nothing of it', () => {
      copyFileSync(at('a/small-0.1.0+acme-1.0.img'), at('host.img'));
      done('bundle', recipe, '--set', 'version=0.3.0', ...key, '--out', 'next.tbu');
      done('update', 'host.img', 'next.tbu', ...pub);
      expect(JSON.parse(done('inspect', 'host.img', '--sbom', '--json')).build).toBe('0.3.0-1');
      expect(packageOf('host.img')).toBe(expected);
    });

    test('is not there of a licence that is no SPDX expression: the provider is refused', () => {
      const lines = ['name: bad', 'vendor: B', 'version: "1.0"', 'license: do what you want'];
      mkdirSync(at('bad'));
      writeFileSync(at('bad/provider.yaml'), `${lines.join('\n')}\n`);
      const { status, stderr } = run('build', recipe, '--oem', 'bad', ...key, '--out', 'e');
      expect(status).toBe(3);
      expect(stderr).toContain('license: expected an SPDX expression such as MIT');
    });
  });
});
