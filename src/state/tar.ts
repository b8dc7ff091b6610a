import { TwinbankError } from '../diagnostics/error.ts';

/** A plain file in a tar. */
export interface TarFile {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const block = 512;
/** `0`; old tars have a zero. */
const plainFile = 0x30;

/**
 * A tar of plain files in the ustar form (POSIX.1-2017, pax, "ustar Interchange Format"): owner 0, time 0,
 * names of at most 100 bytes.
 */
export function packTar(files: readonly TarFile[]): Uint8Array {
  const parts = files.flatMap(({ path, mode, bytes }) => [
    header(path, mode, bytes.length),
    bytes,
    new Uint8Array(-bytes.length & (block - 1)),
  ]);
  return Buffer.concat([...parts, new Uint8Array(2 * block)]);
}

function header(path: string, mode: number, size: number): Buffer {
  const bytes = Buffer.alloc(block);
  const number = (value: number, at: number, digits: number) =>
    bytes.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  bytes.write(path, 0, 100, 'latin1');
  number(mode, 100, 7);
  number(0, 108, 7);
  number(0, 116, 7);
  number(size, 124, 11);
  number(0, 136, 11);
  bytes[156] = plainFile;
  bytes.write('ustar\x0000', 257, 'latin1');
  number(checksum(bytes), 148, 6);
  bytes.write('\0 ', 154, 'latin1');
  return bytes;
}

/**
 * The files of a tar, in the ustar form or GNU's. Throws kind `corrupt`: `tar.header` for what is no header,
 * `tar.type` for anything but a plain file, `tar.short` where it ends within a file or without its end.
 */
export function readTar(bytes: Uint8Array): TarFile[] {
  const tar = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files: TarFile[] = [];
  for (let at = 0; at + block <= tar.length; ) {
    const head = tar.subarray(at, at + block);
    if (head.every((byte) => byte === 0)) return files;
    const sum = octal(head, 148, 8);
    if (sum !== checksum(head) || head.toString('latin1', 257, 262) !== 'ustar') {
      throw broken('header', `byte ${at}: expected a header of a tar, found something else`);
    }
    const path = pathOf(head);
    if (!/^[!-~]+$/.test(path)) {
      throw broken('header', `byte ${at}: expected a name of printable ASCII in the tar`);
    }
    const size = octal(head, 124, 12);
    const mode = octal(head, 100, 8);
    const type = head[156];
    if (type !== plainFile && type !== 0) {
      const found = `type ${type}`;
      throw broken('type', `${path}: expected a plain file in the tar, found ${found}`);
    }
    if (size === undefined || mode === undefined) {
      throw broken('header', `${path}: expected size and mode as octal numbers`);
    }
    const start = at + block;
    if (start + size > tar.length) {
      const left = tar.length - start;
      throw broken('short', `${path}: expected ${size} bytes in the tar, found ${left}`);
    }
    files.push({ path, mode, bytes: new Uint8Array(tar.subarray(start, start + size)) });
    at = start + Math.ceil(size / block) * block;
  }
  throw broken('short', `expected a block of zeros at the end of the tar, found none`);
}

/** GNU's form has other things where ustar has the prefix. */
function pathOf(head: Buffer): string {
  const prefix = head[262] === 0 ? text(head, 345, 155) : '';
  return `${prefix}${prefix && '/'}${text(head, 0, 100)}`;
}

function text(head: Buffer, at: number, length: number): string {
  const end = head.indexOf(0, at);
  return head.toString('latin1', at, end < 0 ? at + length : Math.min(end, at + length));
}

function octal(head: Buffer, at: number, length: number): number | undefined {
  const [, digits] = /^ *([0-7]+)[ \0]*$/.exec(head.toString('latin1', at, at + length)) ?? [];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** The sum of a header's bytes, its own place counted as blanks. */
function checksum(head: Buffer): number {
  let sum = 8 * 0x20;
  for (const [at, byte] of head.entries()) if (at < 148 || at >= 156) sum += byte;
  return sum;
}

function broken(code: string, message: string): TwinbankError {
  return new TwinbankError('corrupt', `tar.${code}`, message);
}
