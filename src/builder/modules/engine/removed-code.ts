import type { CodeRange } from './program-functions.ts';

/** One byte that does nothing. */
const NOP = 0x90;
/** e9 and four bytes: how far. */
const jumpBytes = 5;

/**
 * Writes over the machine code of functions (x86-64), in place: whoever calls one of them slides down to code that writes
 * `message` on standard error and ends the process by SIGILL. A wrong guess about what nothing calls is seen by its name, and is
 * never a function that returns nothing. Returns the number of bytes written over.
 */
export function removeCode(bytes: Buffer, ranges: readonly CodeRange[], message: string): number {
  const end = endOfProcess(message);
  const home = ranges.find((range) => range.end - range.start >= end.length);
  if (!home) return 0;
  const target = home.end - end.length;
  let removed = 0;
  for (const range of ranges) {
    // Too short for a jump: it stays.
    if (range.end - range.start < jumpBytes) continue;
    bytes.fill(NOP, range.start, range.end);
    if (range === home) end.copy(bytes, target);
    else {
      bytes.writeUInt8(0xe9, range.end - jumpBytes);
      bytes.writeInt32LE(target - range.end, range.end - jumpBytes + 1);
    }
    removed += range.end - range.start;
  }
  return removed;
}

/** `write(2, message, length)`, then an instruction that is none. */
function endOfProcess(message: string): Buffer {
  const text = Buffer.from(`${message}\n`);
  const code = Buffer.from([
    ...[0xbf, 2, 0, 0, 0], // mov edi, 2
    ...[0x48, 0x8d, 0x35, 14, 0, 0, 0], // lea rsi, [rip + 14]: the text
    ...[0xba, 0, 0, 0, 0], // mov edx, its length
    ...[0xb8, 1, 0, 0, 0], // mov eax, 1 (write)
    ...[0x0f, 0x05], // syscall
    ...[0x0f, 0x0b], // ud2
  ]);
  code.writeUInt32LE(text.length, 13);
  return Buffer.concat([code, text]);
}
