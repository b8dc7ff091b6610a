/** One structure of an SMBIOS table: what follows the header, by offset, and the strings that it numbers. */
export interface SmbiosPart {
  readonly type: number;
  /** Length of the formatted area, its header included. */
  readonly length: number;
  /** Bytes by offset; a number takes as many as its array has. */
  readonly bytes: Readonly<Record<number, number | readonly number[]>>;
  readonly strings?: readonly string[];
}

/** A table as DSP0134 6.1 has it, with its end. */
export function smbiosTable(parts: readonly SmbiosPart[]): Uint8Array {
  const all = [...parts, { type: 127, length: 4, bytes: {} }];
  return Buffer.concat(
    all.map(({ type, length, bytes, strings = [] }: SmbiosPart, index) => {
      const area = Buffer.alloc(length);
      area.set([type, length, index & 0xff, index >> 8]);
      for (const [offset, value] of Object.entries(bytes)) {
        area.set(typeof value === 'number' ? [value] : value, Number(offset));
      }
      const text = strings.length > 0 ? `${strings.join('\0')}\0\0` : '\0\0';
      return Buffer.concat([area, Buffer.from(text, 'latin1')]);
    }),
  );
}
