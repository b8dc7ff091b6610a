import { TwinbankError } from '../../diagnostics/error.ts';

/** Reads bytes at an offset of a container; fewer than asked only at its end. */
type ReadAt = (offset: number, length: number) => Uint8Array;

/** One member: where its bytes are in the container. */
export interface ArMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const magic = '!<arch>\n';
const headerBytes = 60;

/**
 * The members of an `ar` container (System V form with short names, as deb(5) wants it: magic, then for
 * each member 60 bytes of ASCII - name 16, time 12, owner 6, group 6, mode 8, size 10, two bytes
 * 0x60 0x0a - and its bytes, padded to even offsets). `total` is the container's size.
 * Throws kind `corrupt`: `ar.magic`, `ar.header`, `ar.truncated`.
 */
export function readArMembers(readAt: ReadAt, total: number, container: string): ArMember[] {
  const found = ascii(readAt(0, magic.length));
  if (found !== magic) {
    throw broken(
      'magic',
      container,
      `the ar magic ${JSON.stringify(magic)}`,
      JSON.stringify(found),
    );
  }
  const members: ArMember[] = [];
  for (let at = magic.length; at < total; ) {
    const header = ascii(readAt(at, headerBytes));
    if (header.length < headerBytes) {
      throw broken('truncated', container, `a member header at ${at}`, 'the end of the file');
    }
    const name = header.slice(0, 16).trimEnd().replace(/\/$/, '');
    const size = header.slice(48, 58).trimEnd();
    if (header.slice(58) !== '`\n' || !/^[0-9]{1,10}$/.test(size) || name === '') {
      throw broken('header', container, `a member header at ${at}`, JSON.stringify(header));
    }
    const offset = at + headerBytes;
    const end = offset + Number(size);
    if (end > total) {
      throw broken('truncated', container, `${size} bytes of ${name}`, `${total - offset}`);
    }
    members.push({ name, offset, size: Number(size) });
    at = end + (end % 2);
  }
  return members;
}

function ascii(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function broken(code: string, container: string, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'corrupt',
    `ar.${code}`,
    `${container}: expected ${expected}, found ${found}`,
  );
}
