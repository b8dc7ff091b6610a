import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateKey, type KeyPair } from '../../../src/update/signing/generate-key.ts';
import { verifySignature } from '../../../src/update/signing/key.ts';
import { readPublicKey, readSigningKey } from '../../../src/update/signing/key-file.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const passphrase = 'schön & "long" passphrase';
let folder = '';
let pair: KeyPair;
const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) => judge('openssl', args);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-keys-'));
  pair = generateKey(randomBytes, passphrase);
  writeFileSync(at('our.key'), pair.privatePem);
  writeFileSync(at('our.pub'), pair.publicPem);
  writeFileSync(at('pass'), `${passphrase}\n`);
  writeFileSync(at('message'), randomBytes(70_000));
});
afterAll(() => rmSync(folder, { recursive: true }));

judgedBy(['openssl'], () => {
  test('our encrypted key is opened, and has the public half that we wrote', () => {
    const half = openssl('pkey', '-in', at('our.key'), '-passin', `file:${at('pass')}`, '-pubout');
    expect(half).toBe(pair.publicPem);
    expect(openssl('pkey', '-pubin', '-in', at('our.pub'), '-noout', '-text')).toContain(
      pair.public.raw.slice(0, 30).replace(/..(?!$)/g, '$&:'),
    );
  });

  test('our encrypted key is refused with another passphrase', () => {
    expect(() => openssl('pkey', '-in', at('our.key'), '-passin', 'pass:other')).toThrow();
  });

  test('our encrypted key names the algorithms that we mean, and the rounds', () => {
    const structure = openssl('asn1parse', '-in', at('our.key'));
    for (const name of ['PBES2', 'PBKDF2', 'hmacWithSHA256', 'aes-256-cbc']) {
      expect(structure).toMatch(new RegExp(`OBJECT +:${name}\n`));
    }
    expect(structure).toMatch(new RegExp(`INTEGER +:0?${(600_000).toString(16)}\n`, 'i'));
  });

  test('a plain key of ours is the same file as the one it makes of it', () => {
    const plain = generateKey(randomBytes, undefined);
    writeFileSync(at('plain.key'), plain.privatePem);
    expect(openssl('pkey', '-in', at('plain.key'))).toBe(plain.privatePem);
  });

  test('our signatures are verified, and not for other bytes', () => {
    const key = readSigningKey(pair.privatePem, 'our.key', passphrase);
    const message = readFileSync(at('message'));
    writeFileSync(at('our.sig'), key.sign(message));
    const verify = (file: string) =>
      openssl(
        ...['pkeyutl', '-verify', '-pubin', '-inkey', at('our.pub'), '-rawin'],
        ...['-in', at(file), '-sigfile', at('our.sig')],
      );
    expect(verify('message')).toContain('Signature Verified Successfully');
    writeFileSync(at('other'), message.subarray(1));
    expect(() => verify('other')).toThrow();
  });

  test.each([
    ['plain', []],
    ['encrypted with AES-256-CBC', ['-aes-256-cbc', '-pass', 'pass:p']],
    ['encrypted with AES-128-CBC', ['-aes-128-cbc', '-pass', 'pass:p']],
  ])('its keys, %s, are read and their signatures verified', (_form, options) => {
    openssl('genpkey', '-algorithm', 'ed25519', '-out', at('its.key'), ...options);
    const opened = ['-in', at('its.key'), '-passin', 'pass:p'];
    openssl('pkey', ...opened, '-pubout', '-out', at('its.pub'));
    openssl(
      ...['pkeyutl', '-sign', '-inkey', at('its.key'), '-passin', 'pass:p', '-rawin'],
      ...['-in', at('message'), '-out', at('its.sig')],
    );
    const key = readSigningKey(readFileSync(at('its.key')), 'its.key', 'p');
    expect(key.public).toEqual(readPublicKey(readFileSync(at('its.pub')), 'its.pub'));
    const message = readFileSync(at('message'));
    const signature = readFileSync(at('its.sig'));
    expect(verifySignature(key.public, message, signature)).toBe(true);
    expect(Buffer.from(key.sign(message)).equals(signature)).toBe(true);
  });

  test('a key that it encrypted by scrypt is read', () => {
    openssl('genpkey', '-algorithm', 'ed25519', '-out', at('plain2.key'));
    openssl(
      ...['pkcs8', '-topk8', '-scrypt', '-in', at('plain2.key'), '-passout', 'pass:p'],
      ...['-out', at('scrypt.key')],
    );
    const plain = readSigningKey(readFileSync(at('plain2.key')), 'plain2.key');
    const key = readSigningKey(readFileSync(at('scrypt.key')), 'scrypt.key', 'p');
    expect(key.public).toEqual(plain.public);
  });
});
