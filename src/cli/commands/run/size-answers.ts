export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** What came from a host: the part for the terminal, and what it is answered. */
export interface Heard {
  readonly show: Uint8Array;
  readonly answer: string;
}

/**
 * A serial line has no size, so whoever draws on one asks: it moves the cursor as far as it goes (CUP, ECMA-48 8.3.21) and asks where
 * it is (DSR 6, 8.3.35), or asks for the size of the text area (xterm, `CSI 18 t`). Both are answered here and are not shown: many
 * terminals do not answer the second, and one that is no terminal but a program's answers neither.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are the subject
const question = /\x1b\[(\d{1,5});(\d{1,5})H\x1b\[6n|\x1b\[18t/g;
/** The beginning of one, at the end of a chunk. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are the subject
const begun = /\x1b(?:\[(?:18?|\d{1,5}(?:;(?:\d{1,5}(?:H(?:\x1b(?:\[6?)?)?)?)?)?)?)?$/;

/** Answers the questions in what comes, chunk by chunk; `size` is that of now, undefined where none is known: then all is shown. */
export function sizeAnswers(size: () => TerminalSize | undefined): {
  hear(bytes: Uint8Array): Heard;
  /** What may still become a question, and is to be shown as nothing more came. */
  rest(): Uint8Array;
} {
  let held = '';
  const rest = (): Uint8Array => {
    const bytes = Buffer.from(held, 'latin1');
    held = '';
    return bytes;
  };
  return {
    rest,
    hear(bytes) {
      const text = held + Buffer.from(bytes).toString('latin1');
      held = '';
      const known = size();
      if (!known) return { show: Buffer.from(text, 'latin1'), answer: '' };
      const { rows, columns } = known;
      let answer = '';
      let show = '';
      let from = 0;
      for (const { 0: all, 1: row, 2: column, index } of text.matchAll(question)) {
        show += text.slice(from, index);
        from = index + all.length;
        if (row === undefined) {
          answer += `\x1b[8;${rows};${columns}t`;
          continue;
        }
        show += `\x1b[${row};${column}H`;
        const at = [Math.min(Number(row), rows), Math.min(Number(column), columns)];
        answer += `\x1b[${at[0]};${at[1]}R`;
      }
      const tail = text.slice(from);
      held = begun.exec(tail)?.[0] ?? '';
      show += tail.slice(0, tail.length - held.length);
      return { show: Buffer.from(show, 'latin1'), answer };
    },
  };
}
