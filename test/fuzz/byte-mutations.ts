import type { Random } from './random.ts';

export interface ByteRules {
  /** What the format knows: magic numbers, keys, values of a table. */
  readonly tokens?: readonly (string | Uint8Array)[];
  /** Everything has its place, so that nothing is put in or taken out; default false. */
  readonly fixed?: boolean;
  /** Bytes of a record; blocks begin at a multiple of it. */
  readonly record?: number;
  /** Of its numbers; default little. */
  readonly endian?: 'little' | 'big';
  /** Where a change matters; default anywhere. */
  readonly place?: (random: Random, length: number) => number;
  /** Longer ones are cut; default 64 KiB. */
  readonly longest?: number;
}

type Step = (bytes: Buffer, random: Random, rules: ByteRules, other: Uint8Array) => Uint8Array;

/** Around what fields hold, and where their arithmetic ends. */
const numbers: readonly bigint[] = [0, 1, 2, 7, 8, 15, 16, 31, 32, 48, 53, 63].flatMap((bits) => {
  const power = 1n << BigInt(bits);
  return [power - 1n, power, power + 1n, -power];
});
const bytesOfNote = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x0a, 0x2f, 0x5c, 0x22];

/** Steps that leave everything else where it is. */
const inPlace: readonly Step[] = [
  flipBit,
  setByte,
  setNumber,
  addToNumber,
  copyBlock,
  swapBlocks,
  fillBlock,
  setToken,
  takeBlock,
];
const moving: readonly Step[] = [cut, extend, insertBlock, removeBlock, insertToken, splice];

/** One to sixteen changes, most often few. */
export function mutateBytes(
  input: Uint8Array,
  random: Random,
  other: Uint8Array,
  rules: ByteRules = {},
): Uint8Array {
  const steps = rules.fixed ? inPlace : random.once(2) ? inPlace : moving;
  let bytes: Uint8Array = Buffer.from(input);
  for (let left = 1 << random.below(5); left > 0; left = random.below(left)) {
    bytes = random.pick(steps)(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      random,
      rules,
      other,
    );
  }
  return bytes.subarray(0, rules.longest ?? 65_536);
}

function at(bytes: Uint8Array, random: Random, rules: ByteRules): number {
  if (bytes.length === 0) return 0;
  return (rules.place?.(random, bytes.length) ?? random.below(bytes.length)) % bytes.length;
}

/** A block within the bytes, of whole records where there are such, most often a short one. */
function block(
  bytes: Uint8Array,
  random: Random,
  rules: ByteRules,
): { start: number; length: number } {
  const record = rules.record !== undefined && !random.once(4) ? rules.record : 1;
  const start = Math.floor(at(bytes, random, rules) / record) * record;
  const most = 1 << random.below(record > 1 ? 5 : 12);
  const length = Math.min((1 + random.below(most)) * record, bytes.length - start);
  return { start, length };
}

function flipBit(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const place = at(bytes, random, rules);
  if (bytes.length > 0) bytes[place]! ^= 1 << random.below(8);
  return bytes;
}

function setByte(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const place = at(bytes, random, rules);
  if (bytes.length > 0)
    bytes[place] = random.once(4) ? random.below(256) : random.pick(bytesOfNote);
  return bytes;
}

function setNumber(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const value = random.once(8) ? BigInt(bytes.length + random.below(3) - 1) : random.pick(numbers);
  return putNumber(bytes, random, rules, () => value);
}

function addToNumber(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  return putNumber(bytes, random, rules, (old) => old + BigInt(random.below(33) - 16));
}

/** Changes a number of one to eight bytes, most often where such a number would stand. */
function putNumber(
  bytes: Buffer,
  random: Random,
  rules: ByteRules,
  change: (old: bigint) => bigint,
): Buffer {
  const width = 1 << random.below(4);
  const offset = at(bytes, random, rules);
  const place = random.once(4) ? offset : offset - (offset % width);
  if (place + width > bytes.length) return bytes;
  const order = Array.from({ length: width }, (_, byte) =>
    rules.endian === 'big' ? width - 1 - byte : byte,
  );
  let old = 0n;
  for (const byte of [...order].reverse()) old = (old << 8n) | BigInt(bytes[place + byte]!);
  let value = change(old);
  for (const byte of order) {
    bytes[place + byte] = Number(value & 0xffn);
    value >>= 8n;
  }
  return bytes;
}

function copyBlock(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const { start, length } = block(bytes, random, rules);
  const to = block(bytes, random, rules).start;
  bytes.copyWithin(to, start, start + length);
  return bytes;
}

function swapBlocks(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const one = block(bytes, random, rules);
  const two = block(bytes, random, rules);
  const length = Math.min(one.length, two.length, Math.abs(one.start - two.start));
  const held = Buffer.from(bytes.subarray(one.start, one.start + length));
  bytes.copyWithin(one.start, two.start, two.start + length);
  bytes.set(held, two.start);
  return bytes;
}

function fillBlock(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const { start, length } = block(bytes, random, rules);
  if (random.once(4)) bytes.set(random.bytes(Math.min(length, 64)), start);
  else bytes.fill(random.pick(bytesOfNote), start, start + length);
  return bytes;
}

function takeBlock(bytes: Buffer, random: Random, rules: ByteRules, other: Uint8Array): Buffer {
  const { start, length } = block(bytes, random, rules);
  bytes.set(other.subarray(start, start + length), start);
  return bytes;
}

function tokenOf(random: Random, { tokens }: ByteRules): Uint8Array {
  if (tokens === undefined || tokens.length === 0) return random.bytes(1 + random.below(4));
  const token = random.pick(tokens);
  return typeof token === 'string' ? Buffer.from(token, 'utf8') : token;
}

function setToken(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const token = tokenOf(random, rules);
  const place = at(bytes, random, rules);
  bytes.set(token.subarray(0, bytes.length - place), place);
  return bytes;
}

function insertToken(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  return inserted(bytes, at(bytes, random, rules), tokenOf(random, rules));
}

function insertBlock(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const { start, length } = block(bytes, random, rules);
  const to = block(bytes, random, rules).start;
  const piece = bytes.subarray(start, start + length);
  const times = random.once(8) ? 1 + random.below(64) : 1;
  return inserted(bytes, to, Buffer.concat(Array.from({ length: times }, () => piece)));
}

function removeBlock(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  const { start, length } = block(bytes, random, rules);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + length)]);
}

function cut(bytes: Buffer, random: Random, rules: ByteRules): Buffer {
  return bytes.subarray(0, at(bytes, random, rules));
}

function extend(bytes: Buffer, random: Random): Buffer {
  const length = 1 << random.below(13);
  const tail = random.once(2)
    ? random.bytes(Math.min(length, 64))
    : new Uint8Array(length).fill(random.pick(bytesOfNote));
  return Buffer.concat([bytes, tail]);
}

function splice(bytes: Buffer, random: Random, rules: ByteRules, other: Uint8Array): Buffer {
  const from = at(other, random, rules);
  return Buffer.concat([bytes.subarray(0, at(bytes, random, rules)), other.subarray(from)]);
}

function inserted(bytes: Buffer, place: number, piece: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, place), piece, bytes.subarray(place)]);
}
