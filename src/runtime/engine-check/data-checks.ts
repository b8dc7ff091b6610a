import { deepEqual, equal, throws } from 'node:assert/strict';
import * as crypto from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';

/** Bytes that no compressor makes smaller, always the same. */
const sample = crypto.createHash('sha512').update('twinbank').digest();

/** Hashes with known answers (FIPS 180-4, RFC 1321), passwords' and keys' derivation. */
export async function checkHashes(): Promise<void> {
  const of = (name: string): string =>
    crypto.createHash(name).update('abc').digest('hex').slice(0, 8);
  deepEqual(['md5', 'sha1', 'sha256', 'sha512', 'sha3-256'].map(of), [
    ...['90015098', 'a9993e36', 'ba7816bf', 'ddaf35a1', '3a985da7'],
  ]);
  equal(crypto.createHmac('sha256', 'key').update('abc').digest('hex').slice(0, 8), '9c196e32');
  equal(crypto.pbkdf2Sync('abc', 'salt', 2, 8, 'sha512').toString('hex'), '7a4776abcdcc367a');
  equal(crypto.scryptSync('abc', 'salt', 8).toString('hex'), '440ac811b32fea3c');
  throws(() => crypto.createHash('none'), /not supported/);
}

/** Ciphers and keys as TLS, SSH-like and signed bundles use them. */
export async function checkKeys(): Promise<void> {
  for (const name of ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'] as const) {
    const key = sample.subarray(0, name === 'aes-128-gcm' ? 16 : 32);
    const iv = sample.subarray(32, 44);
    const options = { authTagLength: 16 };
    const cipher = crypto.createCipheriv(name as 'aes-256-gcm', key, iv, options);
    const hidden = Buffer.concat([cipher.update(sample), cipher.final()]);
    const decipher = crypto.createDecipheriv(name as 'aes-256-gcm', key, iv, options);
    decipher.setAuthTag(cipher.getAuthTag());
    deepEqual(Buffer.concat([decipher.update(hidden), decipher.final()]), sample);
  }
  const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed = crypto.generateKeyPairSync('ed25519');
  for (const [algorithm, { publicKey, privateKey }] of [
    ['sha256', rsa],
    ['sha256', ec],
    [null, ed],
  ] as const) {
    const signature = crypto.sign(algorithm, sample, privateKey);
    equal(crypto.verify(algorithm, sample, publicKey, signature), true);
    equal(crypto.verify(algorithm, sample.subarray(1), publicKey, signature), false);
  }
  const [one, other] = [1, 2].map(() => crypto.generateKeyPairSync('x25519'));
  if (!one || !other) throw new Error('expected two keys');
  const shared = crypto.diffieHellman({ privateKey: one.privateKey, publicKey: other.publicKey });
  deepEqual(
    crypto.diffieHellman({ privateKey: other.privateKey, publicKey: one.publicKey }),
    shared,
  );
  equal(crypto.timingSafeEqual(crypto.randomBytes(16), Buffer.alloc(16)), false);
}

/** gzip, deflate, raw deflate, Brotli; a damaged stream is refused. */
export async function checkCompression(): Promise<void> {
  const text = Buffer.from('twinbank '.repeat(10_000));
  for (const [pack, unpack] of [
    [zlib.gzipSync, zlib.gunzipSync],
    [zlib.deflateSync, zlib.inflateSync],
    [zlib.deflateRawSync, zlib.inflateRawSync],
    [zlib.brotliCompressSync, zlib.brotliDecompressSync],
  ] as const) {
    const packed = pack(text);
    equal(packed.length < text.length / 100, true);
    deepEqual(unpack(packed), text);
    throws(() => unpack(packed.subarray(0, packed.length / 2)));
  }
  equal(zlib.crc32('123456789'), 0xcbf43926);
}

/** Files through transforms, with back pressure, and an error that reaches the end. */
export async function checkStreams(): Promise<void> {
  const file = `${process.cwd()}/check.bin`;
  const chunks = Array.from({ length: 64 }, () => Buffer.alloc(16_384, sample));
  await pipeline(Readable.from(chunks), zlib.createGzip(), createWriteStream(file));
  const sizes: number[] = [];
  const counted = new Transform({
    highWaterMark: 1024,
    transform(chunk: Buffer, _encoding, done) {
      sizes.push(chunk.length);
      done(null, chunk);
    },
  });
  await pipeline(createReadStream(file), zlib.createGunzip(), counted.resume());
  equal(
    sizes.reduce((sum, size) => sum + size, 0),
    64 * 16_384,
  );
  equal((await readFile(file)).readUInt16BE(0), 0x1f8b);
  let caught: unknown;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(createReadStream(file), zlib.createInflate(), nowhere).catch((error: unknown) => {
    caught = error;
  });
  equal((caught as NodeJS.ErrnoException | undefined)?.code, 'Z_DATA_ERROR');
}
