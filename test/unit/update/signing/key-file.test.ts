import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { generateKey } from '../../../../src/update/signing/generate-key.ts';
import { verifySignature } from '../../../../src/update/signing/key.ts';
import { keyKind, readPublicKey, readSigningKey } from '../../../../src/update/signing/key-file.ts';
import { errorOf } from '../../../support/error-of.ts';

/** The key of RFC 8410 section 10.1 and 10.3. */
const rfcPublic = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
`;
const rfcPrivate = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
`;
const rfcRaw = '19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1';

/** Bytes that differ with each call and are the same each time. */
function repeatable() {
  let calls = 0;
  return (bytes: number) => createHash('sha256').update(`${calls++}`).digest().subarray(0, bytes);
}

const made = generateKey(repeatable(), 'correct horse');
const pem = (key: KeyObject) =>
  key.export({ format: 'pem', type: key.type === 'public' ? 'spki' : 'pkcs8' }).toString();
const bytes = Buffer.from('what is signed');

describe('readPublicKey', () => {
  it('reads the key of RFC 8410', () => {
    expect(readPublicKey(rfcPublic, 'x.pub').raw).toBe(rfcRaw);
    expect(readPublicKey(Buffer.from(rfcPublic), 'x.pub').raw).toBe(rfcRaw);
  });

  it('reads past text around the key, and lines that end like those of DOS', () => {
    const text = `The key of Example\n${rfcPublic}kept in the safe\n`.replaceAll('\n', '\r\n');
    expect(readPublicKey(text, 'x.pub').raw).toBe(rfcRaw);
  });

  it.each([
    ['a private key', rfcPrivate],
    ['an encrypted private key', made.privatePem],
  ])('refuses %s and says what to give instead', (_what, text) => {
    const error = errorOf(() => readPublicKey(text, 'x.key'));
    expect(error).toMatchObject({ kind: 'corrupt', code: 'key.private' });
    expect(error.message).toBe(
      'x.key: expected a public key, found a private one; take its .pub file',
    );
  });
});

describe('readSigningKey', () => {
  it('reads the plain key of RFC 8410, and does not look at a passphrase', () => {
    expect(readSigningKey(rfcPrivate, 'x.key').public.raw).toBe(rfcRaw);
    expect(readSigningKey(rfcPrivate, 'x.key', 'of another').public.raw).toBe(rfcRaw);
  });

  it('reads what Node encrypted', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const options = {
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'p',
    } as const;
    const key = readSigningKey(privateKey.export(options).toString(), 'x.key', 'p');
    expect(key.public).toEqual(readPublicKey(pem(publicKey), 'x.pub'));
  });

  it('refuses a public key', () => {
    const error = errorOf(() => readSigningKey(rfcPublic, 'x.pub'));
    expect(error).toMatchObject({ kind: 'corrupt', code: 'key.public' });
    expect(error.message).toContain('x.pub: expected a private key, found a public one');
  });

  it('asks for the passphrase of an encrypted key', () => {
    const error = errorOf(() => readSigningKey(made.privatePem, 'x.key'));
    expect(error).toMatchObject({ kind: 'usage', code: 'key.passphrase-missing' });
    expect(error.message).toBe(
      'x.key: expected a passphrase, as this key is encrypted, found none',
    );
  });

  it('refuses every wrong passphrase by the same code, however the garbage looks', {
    timeout: 120_000,
  }, () => {
    // One wrong key in 256 leaves padding that is right by chance. Few rounds, so that this is quick.
    const options = {
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'right',
    } as const;
    const text = generateKeyPairSync('ed25519').privateKey.export(options).toString();
    for (let n = 0; n < 1024; n += 1) {
      const error = errorOf(() => readSigningKey(text, 'x.key', `wrong ${n}`));
      expect(error).toMatchObject({ kind: 'corrupt', code: 'key.passphrase' });
    }
    expect(readSigningKey(text, 'x.key', 'right').public.id).toMatch(/^[0-9a-f]{16}$/);
  });

  it('never has the passphrase or the key in an error', () => {
    const error = errorOf(() => readSigningKey(made.privatePem, 'x.key', 'a wrong one'));
    expect(`${error.message}${JSON.stringify(error.data)}`).not.toMatch(/a wrong one|MI[A-Z]/);
  });
});

describe('another algorithm', () => {
  it.each([
    ['RSA', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
    ['EC', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['Ed448', () => generateKeyPairSync('ed448')],
    ['X25519', () => generateKeyPairSync('x25519')],
  ])('%s is refused by its name', (name, make) => {
    const { privateKey, publicKey } = make();
    for (const read of [
      () => readPublicKey(pem(publicKey), 'x.pem'),
      () => readSigningKey(pem(privateKey), 'x.pem'),
    ]) {
      const error = errorOf(read);
      expect(error).toMatchObject({ kind: 'corrupt', code: 'key.algorithm' });
      expect(error.message).toMatch(
        new RegExp(`^x\\.pem: expected an Ed25519 key .*one of ${name}$`),
      );
    }
  });

  it('is refused by its name in its traditional form, encrypted or not', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const encrypted = { cipher: 'aes-256-cbc', passphrase: 'p' };
    for (const more of [{}, encrypted]) {
      const text = privateKey.export({ format: 'pem', type: 'sec1', ...more }).toString();
      expect(errorOf(() => readSigningKey(text, 'x.pem')).message).toMatch(/found one of EC$/);
    }
  });
});

describe('what is no key', () => {
  it.each([
    ['nothing', '', 'expected one key in PEM form, found none'],
    ['bytes', Buffer.from('302a300506032b6570032100', 'hex'), 'found none'],
    ['a key that was cut', rfcPublic.slice(0, 80), 'found none'],
    ['two keys', rfcPublic + rfcPublic, 'expected one key in PEM form, found 2'],
    ['both halves', rfcPrivate + rfcPublic, 'expected one key in PEM form, found 2'],
    ['a certificate', rfcPublic.replaceAll('PUBLIC KEY', 'CERTIFICATE'), 'found "CERTIFICATE"'],
    [
      'a key of OpenSSH',
      rfcPrivate.replaceAll('PRIVATE', 'OPENSSH PRIVATE'),
      'expected "PUBLIC KEY" or "PRIVATE KEY" (PKCS#8) in PEM form, found "OPENSSH PRIVATE KEY"',
    ],
  ])('%s is refused', (_what, text, message) => {
    for (const read of [readPublicKey, readSigningKey]) {
      const error = errorOf(() => read(text, 'x.pem'));
      expect(error).toMatchObject({ kind: 'corrupt', code: 'key.form' });
      expect(error.message).toContain(message);
    }
  });

  it.each([
    ['public', rfcPublic, readPublicKey],
    ['private', rfcPrivate, readSigningKey],
  ])('the lines of a %s key with nothing between them are refused', (_what, text, read) => {
    for (const inner of ['', 'AAAA\n']) {
      const damaged = text.replace(/^M.*\n/m, inner);
      const error = errorOf(() => read(damaged, 'x.pem'));
      expect(error).toMatchObject({ kind: 'corrupt', code: 'key.form' });
      expect(error.message).toBe('x.pem: expected a whole key, found one that cannot be read');
    }
  });
});

describe('generateKey', () => {
  it('makes an encrypted key that its passphrase opens, and the public half of it', () => {
    expect(keyKind(made.privatePem, 'x.key')).toBe('encrypted');
    const key = readSigningKey(made.privatePem, 'x.key', 'correct horse');
    expect(key.public).toEqual(made.public);
    expect(readPublicKey(made.publicPem, 'x.pub')).toEqual(made.public);
    expect(verifySignature(made.public, bytes, key.sign(bytes))).toBe(true);
  });

  it('makes a plain key without a passphrase', () => {
    const plain = generateKey(repeatable(), undefined);
    expect(keyKind(plain.privatePem, 'x.key')).toBe('private');
    expect(readSigningKey(plain.privatePem, 'x.key').public).toEqual(plain.public);
    // The key comes from the first 32 random bytes: the same as above.
    expect(plain.public).toEqual(made.public);
  });

  it('takes fresh random bytes for the key, the salt and the initialization vector', () => {
    const asked: number[] = [];
    const random = repeatable();
    const { privatePem } = generateKey((bytes) => {
      asked.push(bytes);
      return random(bytes);
    }, 'p');
    expect(asked).toEqual([32, 16, 16]);
    const der = Buffer.from(privatePem.replace(/-----.*/g, ''), 'base64');
    for (const n of ['1', '2']) {
      expect(der.includes(createHash('sha256').update(n).digest().subarray(0, 16))).toBe(true);
    }
  });
});
