import { createHash } from 'node:crypto';

/** As Drepper's specification has it where a hash says no number. */
const rounds = 5000;
const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The bytes of the digest in the order in which they are written, three by three, the highest first (specification, step 22). */
const written = Array.from({ length: 21 }, (_, index) => {
  const three = [index, index + 21, index + 42];
  const turn = index % 3;
  return [...three.slice(turn), ...three.slice(0, turn)];
});

/** A salt of 16 characters from 12 or more random bytes. */
export function cryptSalt(random: Uint8Array): string {
  return [...Array(16).keys()].map((at) => alphabet[bitsAt(random, at * 6)]).join('');
}

/**
 * A password's hash for `/etc/shadow`: `$6$SALT$HASH` of crypt(5), SHA-512 (U. Drepper, "Unix crypt using SHA-256 and SHA-512", 0.6).
 * `salt` has up to 16 characters of `./0-9A-Za-z`.
 */
export function sha512Crypt(password: string, salt: string): string {
  const key = Buffer.from(password, 'utf8');
  const salted = Buffer.from(salt, 'latin1');
  const alternate = sha512(key, salted, key);
  const parts = [key, salted, repeated(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? alternate : key);
  let digest = sha512(...parts);
  const p = repeated(sha512(...Array<Buffer>(key.length).fill(key)), key.length);
  const s = repeated(sha512(...Array<Buffer>(16 + (digest[0] ?? 0)).fill(salted)), salted.length);
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1;
    digest = sha512(
      odd ? p : digest,
      ...(round % 3 === 0 ? [] : [s]),
      ...(round % 7 === 0 ? [] : [p]),
      odd ? digest : p,
    );
  }
  return `$6$${salt}$${encode(digest)}`;
}

function encode(digest: Uint8Array): string {
  const groups = written.map((three) =>
    three.reduce((sum, at) => (sum << 8) | (digest[at] ?? 0), 0),
  );
  return [...groups.map((group) => characters(group, 4)), characters(digest[63] ?? 0, 2)].join('');
}

/** The lowest bits first. */
function characters(value: number, count: number): string {
  return [...Array(count).keys()].map((at) => alphabet[(value >> (6 * at)) & 63]).join('');
}

function bitsAt(bytes: Uint8Array, bit: number): number {
  const at = bit >> 3;
  const two = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return (two >> (10 - (bit & 7))) & 63;
}

function repeated(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
