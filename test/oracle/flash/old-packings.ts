import { execFileSync } from 'node:child_process';
import { crc32, deflateRawSync } from 'node:zlib';

/*
 * Files as programs made them that no distribution has any more, in the simplest form that the format knows: what is tested is who unpacks them, and
 * gzip, xz and zstd say whether they are right.
 */

/** compress(1), `.Z`: codes of 9 bits, seven literals and an order to begin anew in each group of eight. */
export function lzw(data: Uint8Array): Buffer {
  const groups: Buffer[] = [Buffer.from([0x1f, 0x9d, 0x90])];
  const clear = 256n;
  for (let at = 0; at < data.length; at += 7) {
    const literals = [...data.subarray(at, at + 7)].map(BigInt);
    const codes = at + 7 < data.length ? [...literals, clear] : literals;
    const bits = codes.reduce((all, code, index) => all | (code << BigInt(9 * index)), 0n);
    const bytes = Buffer.alloc(9);
    bytes.writeBigUInt64LE(bits & 0xffff_ffff_ffff_ffffn);
    bytes[8] = Number(bits >> 64n);
    groups.push(bytes.subarray(0, Math.ceil((9 * codes.length) / 8)));
  }
  return Buffer.concat(groups);
}

/** pack(1), `.z`: 255 bytes have codes of 8 bits, the last one and the end have 9. */
export function huffman(data: Uint8Array): Buffer {
  const head = Buffer.from([0x1f, 0x1e, 0, 0, 0, 0, 9, ...Array(7).fill(0), 255, 0]);
  head.writeUInt32BE(data.length, 2);
  const bits: string[] = [];
  for (const byte of data) bits.push(byte === 255 ? '0'.repeat(9) : pad(byte + 1, 8));
  bits.push(pad(1, 9));
  const text = bits.join('');
  const codes = Buffer.alloc(Math.ceil(text.length / 8));
  for (let at = 0; at < codes.length; at++) {
    codes[at] = Number.parseInt(text.slice(at * 8, at * 8 + 8).padEnd(8, '0'), 2);
  }
  return Buffer.concat([head, Buffer.from(Array.from({ length: 256 }, (_, n) => n)), codes]);
}

function pad(code: number, bits: number): string {
  return code.toString(2).padStart(bits, '0');
}

/** Local headers alone (APPNOTE.TXT 4.3.7): gzip looks at nothing else. */
export function zipOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, data]) => {
    const packed = deflateRawSync(data);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x0403_4b50);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(crc32(data), 14);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(data.length, 22);
    head.writeUInt16LE(name.length, 26);
    return [head, Buffer.from(name), packed];
  });
  return Buffer.concat(parts);
}

/** A member of version 1 (lzip's manual, "File format"), its stream made by xz. */
export function lzip(data: Uint8Array): Buffer {
  const filter = '--lzma1=preset=0,lc=3,lp=0,pb=2,dict=1MiB';
  const stream = execFileSync('xz', ['--format=raw', filter, '-c'], {
    input: data,
    maxBuffer: 2 ** 26,
  });
  const trailer = Buffer.alloc(20);
  trailer.writeUInt32LE(crc32(data));
  trailer.writeBigUInt64LE(BigInt(data.length), 4);
  trailer.writeBigUInt64LE(BigInt(6 + stream.length + 20), 12);
  return Buffer.concat([Buffer.from('LZIP\x01'), Buffer.from([20]), stream, trailer]);
}

/** A frame of zstd 0.`version` with one raw block and an end (zstd's lib/legacy). */
export function oldZstd(version: number, data: Uint8Array): Buffer {
  const magic = version === 1 ? [0xfd, 0x2f, 0xb5, 0x1e] : [0x20 + version, 0xb5, 0x2f, 0xfd];
  // From 0.4 on a byte tells of the window; of 0.7 a second one, which is 0 here.
  const windows: Record<number, number[]> = { 4: [7], 5: [7], 6: [6], 7: [0, 0x40] };
  const raw = [0x40 | (data.length >> 16), (data.length >> 8) & 0xff, data.length & 0xff];
  return Buffer.from([...magic, ...(windows[version] ?? []), ...raw, ...data, 0xc0, 0, 0]);
}
