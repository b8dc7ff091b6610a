import { createCipheriv, pbkdf2Sync } from 'node:crypto';

/**
 * Rounds of PBKDF2 with HMAC-SHA-256, as OWASP's Password Storage Cheat Sheet (2023) has them. OpenSSL
 * and Node write 2048, which makes guessing three hundred times cheaper; any number is read.
 */
const rounds = 600_000;

/** Object identifiers of RFC 8018 (PBES2, PBKDF2, HMAC-SHA-256) and of NIST (AES-256-CBC), as DER. */
const oids = {
  pbes2: '06092a864886f70d01050d',
  pbkdf2: '06092a864886f70d01050c',
  hmacWithSha256: '06082a864886f70d0209',
  aes256Cbc: '060960864801650304012a',
} as const;

const tags = { integer: 0x02, octets: 0x04, sequence: 0x30 } as const;
const derNull = Buffer.from('0500', 'hex');

/**
 * An EncryptedPrivateKeyInfo (RFC 5958 section 3, in DER) of a PKCS#8 private key: PBES2 of RFC 8018
 * with AES-256-CBC. `salt` and `iv` are 16 random bytes each, never used twice.
 */
export function encryptPrivateKey(
  pkcs8: Uint8Array,
  passphrase: string,
  { salt, iv }: { salt: Uint8Array; iv: Uint8Array },
): Buffer {
  const key = pbkdf2Sync(passphrase, salt, rounds, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(pkcs8), cipher.final()]);
  const count = Buffer.from(rounds.toString(16).padStart(6, '0'), 'hex');
  const derivation = sequence(
    Buffer.from(oids.pbkdf2, 'hex'),
    sequence(
      der(tags.octets, salt),
      der(tags.integer, count),
      sequence(Buffer.from(oids.hmacWithSha256, 'hex'), derNull),
    ),
  );
  const scheme = sequence(Buffer.from(oids.aes256Cbc, 'hex'), der(tags.octets, iv));
  return sequence(
    sequence(Buffer.from(oids.pbes2, 'hex'), sequence(derivation, scheme)),
    der(tags.octets, encrypted),
  );
}

const sequence = (...members: Uint8Array[]): Buffer => der(tags.sequence, ...members);

/** Tag, length and content; one length byte up to 127, `81` and one above (all here is below 256). */
function der(tag: number, ...members: Uint8Array[]): Buffer {
  const content = Buffer.concat(members);
  const length = content.length < 128 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
