import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineCommand } from '../../../../src/cli/command.ts';
import {
  loadSigningKey,
  loadTrustedKeys,
  signingKeyOption,
  trustOption,
  warnOfDevelopmentKey,
} from '../../../../src/cli/secrets/signing-key.ts';
import { generateKey } from '../../../../src/update/signing/generate-key.ts';
import {
  developmentKey,
  privateKeyOfSeed,
  verifySignature,
} from '../../../../src/update/signing/key.ts';
import { keyboard, runHere } from '../host.ts';

let folder = '';
const random = (fill: number) => (bytes: number) => Buffer.alloc(bytes, fill);
const plain = generateKey(random(1), undefined);
const encrypted = generateKey(random(2), 'secret');
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-signing-'));
  writeFileSync(at('plain.key'), plain.privatePem);
  writeFileSync(at('plain.pub'), plain.publicPem);
  writeFileSync(at('encrypted.key'), encrypted.privatePem);
  writeFileSync(at('encrypted.pub'), encrypted.publicPem);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Commands that sign `message` and that list the keys they trust. */
const rows = [
  {
    usage: 'sign',
    describe: 'Signs',
    load: async () => ({
      command: defineCommand({
        builder: (yargs) => signingKeyOption(yargs),
        run: async (context, { key, passphraseFd }) => {
          const loaded = await loadSigningKey(context, { key, passphraseFd });
          const signature = Buffer.from(loaded.sign(Buffer.from('message'))).toString('hex');
          warnOfDevelopmentKey(context, loaded);
          return { json: { signature }, text: loaded.public.id };
        },
      }),
    }),
  },
  {
    usage: 'trust',
    describe: 'Trusts',
    load: async () => ({
      command: defineCommand({
        builder: (yargs) => trustOption(yargs),
        run: async (context, { key }) => {
          const ids = (await loadTrustedKeys(context, key)).map(({ id }) => id);
          return { json: { ids }, text: ids.join(' ') };
        },
      }),
    }),
  },
];
const call = (argv: string[], host = {}) =>
  runHere(argv, { rows, host: { cwd: folder, env: {}, ...host } });

const warning =
  'warning: signed with the development key, which everybody has: for tests only; sign with --key KEY\n';

describe('--key KEY of a command that signs', () => {
  it('is the key that signs', async () => {
    const { code, stdout, stderr } = await call(['sign', '--key', 'plain.key', '--json']);
    const signature = Buffer.from(JSON.parse(stdout).signature, 'hex');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(verifySignature(plain.public, Buffer.from('message'), signature)).toBe(true);
  });

  it('may be a descriptor, and its passphrase come from another', async () => {
    writeFileSync(at('passphrase'), 'secret\n');
    const key = openSync(at('encrypted.key'), 'r');
    const passphrase = openSync(at('passphrase'), 'r');
    const argv = ['sign', '--key', `fd:${key}`, '--passphrase-fd', `${passphrase}`];
    expect(await call(argv)).toEqual({
      code: 0,
      stdout: `${encrypted.public.id}\n`,
      stderr: '',
    });
  });

  it('takes its passphrase from the environment or a person', async () => {
    const env = { TWINBANK_PASSPHRASE: 'secret' };
    const argv = ['sign', '--key', 'encrypted.key'];
    expect((await call(argv, { env })).stdout).toBe(`${encrypted.public.id}\n`);
    const person = keyboard('secret\r');
    expect((await call(argv, person.host)).stdout).toBe(`${encrypted.public.id}\n`);
    expect(person.text()).toBe('Passphrase of encrypted.key: \n');
  });

  it('needs no passphrase for a key that has none', async () => {
    const person = keyboard('secret\r');
    expect((await call(['sign', '--key', 'plain.key'], person.host)).code).toBe(0);
    expect(person.unanswered()).toHaveLength(1);
  });

  it('is the development key when it is not there, and says so even with --quiet', async () => {
    expect(await call(['sign', '--quiet'])).toEqual({
      code: 0,
      stdout: `${developmentKey.public.id}\n`,
      stderr: warning,
    });
  });

  it('says so for a file of the development key, too', async () => {
    const seed = Buffer.from(
      '5b45bdf620dde9a33e52dd831f4cd1a54e3087b7a5d2014be28c7fbc3622d994',
      'hex',
    );
    const pem = privateKeyOfSeed(seed).export({ format: 'pem', type: 'pkcs8' });
    writeFileSync(at('development.key'), pem);
    expect((await call(['sign', '--key', 'development.key'])).stderr).toBe(warning);
  });

  it.each([
    [['--key', 'plain.pub'], 6, /plain\.pub: expected a private key, found a public one/],
    [['--key', 'none.key'], 5, /none\.key: no such file/],
    [['--key', 'encrypted.key'], 2, /TWINBANK_PASSPHRASE or a terminal to ask on, found none/],
    [['--passphrase-fd', '3'], 2, /--passphrase-fd: expected --key KEY beside it, found none/],
    [
      ['--key', 'fd:9', '--passphrase-fd', '9'],
      2,
      /expected another descriptor than --key fd:9 has/,
    ],
    [['--key', 'a', '--key', 'b'], 2, /--key: expected it once, found it 2 times/],
  ])('%j ends with %i', async (argv, expected, message) => {
    const { code, stderr } = await call(['sign', ...argv]);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
  });
});

describe('--key PUB of a command that verifies', () => {
  it('adds each key once, in its order', async () => {
    const argv = ['encrypted.pub', 'plain.pub', 'encrypted.pub'].flatMap((key) => ['--key', key]);
    const { stdout } = await call(['trust', ...argv]);
    expect(stdout).toBe(`${encrypted.public.id} ${plain.public.id}\n`);
    expect(JSON.parse((await call(['trust', '--json'])).stdout).ids).toEqual([]);
  });

  it.each([
    [['--key', 'plain.key'], 6, /plain\.key: expected a public key, found a private one/],
    [['--key', 'none.pub'], 5, /none\.pub: no such file/],
    [['--key', 'large'], 6, /large: expected at most 65536 bytes, found more/],
    [['--key'], 2, /--key: expected a value, found none/],
  ])('%j ends with %i', async (argv, expected, message) => {
    writeFileSync(at('large'), new Uint8Array(65_537));
    const { code, stderr } = await call(['trust', ...argv]);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
  });
});
