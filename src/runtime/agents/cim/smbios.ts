import type { SmbiosStructure } from './provider.ts';

/** What boards say of fields that nobody filled in. */
const blanks =
  /^(none|not specified|unknown|to be filled by o\.e\.m\.|default string|n\/a|0+|\.+)?$/i;

/**
 * The structures of an SMBIOS table (DSP0134 6.1): each a formatted area of the length it says, then strings that
 * end in zero bytes. A table that breaks off gives those before.
 */
export function parseSmbios(table: Uint8Array): SmbiosStructure[] {
  const found: SmbiosStructure[] = [];
  const decoder = new TextDecoder('latin1');
  for (let at = 0; at + 4 <= table.length; ) {
    const length = table[at + 1] ?? 0;
    const type = table[at] ?? 0;
    const bytes = table.subarray(at, at + length);
    if (length < 4 || bytes.length < length) break;
    let end = at + length;
    while (end + 1 < table.length && (table[end] !== 0 || table[end + 1] !== 0)) end++;
    const strings = decoder.decode(table.subarray(at + length, end)).split('\0');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    found.push({
      type,
      bytes,
      handle: view.getUint16(2, true),
      number: (offset, size) => {
        if (offset + size > bytes.length) return undefined;
        if (size === 1) return view.getUint8(offset);
        return size === 2 ? view.getUint16(offset, true) : view.getUint32(offset, true);
      },
      text: (offset) => {
        const number = bytes[offset] ?? 0;
        const text = number === 0 ? '' : (strings[number - 1] ?? '').trim();
        return blanks.test(text) ? undefined : text;
      },
    });
    // 127 is the end of the table.
    if (type === 127) break;
    at = end + 2;
  }
  return found;
}
