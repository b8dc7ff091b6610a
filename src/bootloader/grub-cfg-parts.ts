/** What says of a loader with which build it was made: bytes, and their signatures as in an ORIGIN.sig. */
export interface SignedStatement {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

const mark = '# loader: ';
/** Only as the last line, and of letters that end no comment: all else is a part of the script. */
const lastLine = /(?:^|\n)# loader: ([A-Za-z0-9+/]+={0,2}) ([A-Za-z0-9+/]+={0,2})\n$/;
/** Longer ones are none; the pattern looks at no more of a file. */
const maxLine = 2 ** 14;

/**
 * A grub.cfg with a statement about its loader as the last line: a comment, so that it lies where the loader does. It
 * holds the hash of the script before it.
 */
export function encodeGrubCfg(script: string, { bytes, signature }: SignedStatement): string {
  const base64 = (part: Uint8Array) => Buffer.from(part).toString('base64');
  return `${script}${mark}${base64(bytes)} ${base64(signature)}\n`;
}

/** The two parts of a grub.cfg; all of it is script where its last line is no statement. */
export function splitGrubCfg(file: Uint8Array): {
  readonly script: Uint8Array;
  readonly statement: SignedStatement | undefined;
} {
  const end = Buffer.from(file.subarray(Math.max(0, file.length - maxLine))).toString('latin1');
  const [found, bytes = '', signature = ''] = lastLine.exec(end) ?? [];
  if (found === undefined) return { script: file, statement: undefined };
  const line = found.startsWith('\n') ? found.length - 1 : found.length;
  const decode = (text: string) => Buffer.from(text, 'base64');
  return {
    script: file.subarray(0, file.length - line),
    statement: { bytes: decode(bytes), signature: decode(signature) },
  };
}
