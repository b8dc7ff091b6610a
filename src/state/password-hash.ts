import { createHash, timingSafeEqual } from 'node:crypto';

/** A hash of crypt(3): U. Drepper, "Unix crypt using SHA-256 and SHA-512", 0.6. */
interface Algorithm {
  readonly id: '5' | '6';
  readonly digest: 'sha256' | 'sha512';
  /** The bytes of the digest in the order in which they are written, the highest of a group first (step 22). */
  readonly written: readonly (readonly number[])[];
}

/** Three by three: index, and as far again as a third of the digest, turned by one more for each group. */
function groupsOf(third: number, turnOf: (index: number) => number): number[][] {
  return Array.from({ length: third }, (_, index) => {
    const three = [index, index + third, index + 2 * third];
    const turn = turnOf(index) % 3;
    return [...three.slice(turn), ...three.slice(0, turn)];
  });
}

const sha512: Algorithm = {
  id: '6',
  digest: 'sha512',
  written: [...groupsOf(21, (index) => index), [63]],
};
const sha256: Algorithm = {
  id: '5',
  digest: 'sha256',
  written: [...groupsOf(10, (index) => 2 * index), [31, 30]],
};

/** As the specification has it where a hash says no number. */
const defaultRounds = 5000;
/** More would take minutes; no system makes such a hash by itself. */
const mostRounds = 1_000_000;
/** Done at a time; then whatever waits has its turn. */
const sliceRounds = 100;
const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A salt of 16 characters from 12 or more random bytes. */
export function cryptSalt(random: Uint8Array): string {
  return [...Array(16).keys()].map((at) => alphabet[bitsAt(random, at * 6)]).join('');
}

/** A password's hash for `/etc/shadow`: `$6$SALT$HASH`. `salt` has up to 16 characters of `./0-9A-Za-z`. */
export function sha512Crypt(password: string, salt: string): string {
  const steps = cryptSteps(sha512, password, salt, defaultRounds);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return `$6$${salt}$${value}`;
  }
}

/** The same, a slice at a time: it takes tens of milliseconds, and `pause` lets others work in between. */
export async function hashPassword(
  password: string,
  salt: string,
  pause: () => Promise<void>,
): Promise<string> {
  const digest = await inSlices(cryptSteps(sha512, password, salt, defaultRounds), pause);
  return `$6$${salt}$${digest}`;
}

/**
 * True when a hash (`$5$` or `$6$`) is that of a password. It takes as long whether it is or not. False for a hash of another kind, or
 * of more than a million rounds.
 */
export async function isPassword(
  password: string,
  hash: string,
  pause: () => Promise<void>,
): Promise<boolean> {
  const [, id, rounds = `${defaultRounds}`, salt = '', digest = ''] =
    /^\$([56])\$(?:rounds=([0-9]+)\$)?([^$]{1,16})\$([./0-9A-Za-z]+)$/.exec(hash) ?? [];
  if (id === undefined || Number(rounds) > mostRounds) return false;
  const algorithm = id === '6' ? sha512 : sha256;
  // The specification raises fewer than a thousand.
  const steps = cryptSteps(algorithm, password, salt, Math.max(1000, Number(rounds)));
  const [one, other] = [await inSlices(steps, pause), digest].map((text) => Buffer.from(text));
  return one !== undefined && one.length === other?.length && timingSafeEqual(one, other);
}

async function inSlices(
  steps: Generator<undefined, string>,
  pause: () => Promise<void>,
): Promise<string> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await pause();
  }
}

function* cryptSteps(
  algorithm: Algorithm,
  password: string,
  salt: string,
  rounds: number,
): Generator<undefined, string> {
  const hashOf = (...parts: readonly Uint8Array[]): Buffer => {
    const hash = createHash(algorithm.digest);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const key = Buffer.from(password, 'utf8');
  const salted = Buffer.from(salt, 'latin1');
  const alternate = hashOf(key, salted, key);
  const parts = [key, salted, repeated(alternate, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push(bits & 1 ? alternate : key);
  let digest = hashOf(...parts);
  const p = repeated(hashOf(...Array<Buffer>(key.length).fill(key)), key.length);
  const s = repeated(hashOf(...Array<Buffer>(16 + (digest[0] ?? 0)).fill(salted)), salted.length);
  for (let round = 0; round < rounds; round++) {
    if (round % sliceRounds === sliceRounds - 1) yield;
    const odd = round % 2 === 1;
    digest = hashOf(
      odd ? p : digest,
      ...(round % 3 === 0 ? [] : [s]),
      ...(round % 7 === 0 ? [] : [p]),
      odd ? digest : p,
    );
  }
  return algorithm.written.map((group) => encode(digest, group)).join('');
}

/** Up to three bytes in as many characters as their bits need, the lowest bits first. */
function encode(digest: Uint8Array, group: readonly number[]): string {
  const value = group.reduce((sum, at) => (sum << 8) | (digest[at] ?? 0), 0);
  const count = group.length + 1;
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
