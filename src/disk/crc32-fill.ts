import { crc32 } from './crc32.ts';

/**
 * Changes the four bytes at `at` so that the CRC-32 of all of `bytes` is `wanted`. Four bytes in a row lead from any state of the register
 * to any other, and exactly one value of them does.
 */
export function fillForCrc32(bytes: Uint8Array, at: number, wanted: number): void {
  // The register that has to be there before the four bytes if they were zero, found from the end backwards.
  let register = ~wanted >>> 0;
  for (let index = bytes.length - 1; index >= at + 4; index--) {
    register = stepBack(register, bytes[index] ?? 0);
  }
  for (let zero = 0; zero < 4; zero++) register = stepBack(register, 0);
  const before = ~crc32(bytes.subarray(0, at)) >>> 0;
  // Bytes are added to the register's low end, so that four of them count as if they had been there from the beginning.
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, (before ^ register) >>> 0, true);
}

/** The polynomial of IEEE 802.3, lowest bit first. */
const polynomial = 0xedb88320;

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});
/** Each has a highest byte of its own. */
const indexByHighest = Uint8Array.from({ length: 256 }, (_, highest) =>
  table.findIndex((value) => value >>> 24 === highest),
);

/** The register as it was before `byte`. */
function stepBack(register: number, byte: number): number {
  const index = indexByHighest[register >>> 24] ?? 0;
  return (((register ^ (table[index] ?? 0)) << 8) | (index ^ byte)) >>> 0;
}
