import { TwinbankError } from '../diagnostics/error.ts';

/** A line of a pseudo file: what is at a path, and where its content stands. */
export interface PseudoEntry {
  readonly path: string;
  /** D, R, S, B, C, I as mksquashfs has them; L is another name of a file. */
  readonly type: string;
  readonly mode: number;
  readonly owner: string;
  /** Of type R: bytes of content, and how far after the definitions' end they begin. */
  readonly bytes: number;
  readonly offset: number;
  /** Of S and L the target; of anything else what follows the owner. */
  readonly rest: string;
}

/** Stands between the definitions and the contents (squashfs-tools, `write_pseudo`). */
export const dataMark = '#\n# START OF DATA - DO NOT MODIFY\n#\n';

/**
 * The definitions that `unsquashfs -pf` writes, up to the mark (mksquashfs(1), "Pseudo file definition"): a
 * path in which `\` stands before blanks, quotes and itself, then `TYPE TIME MODE UID GID` and, of a file,
 * `LENGTH OFFSET`. Throws `compare.pseudo-file` (kind `corrupt`), also for a name with a line end, which the tool
 * does not mark.
 */
export function readPseudoFile(definitions: string): PseudoEntry[] {
  const line =
    /((?:[^\\ \n]|\\[\s\S])+) (?:L ([^\n]*)|([A-Za-z]) (\d+) ([0-7]+) (\d+) (\d+)([^\n]*))\n/y;
  const entries: PseudoEntry[] = [];
  while (line.lastIndex < definitions.length) {
    const at = line.lastIndex;
    const match = line.exec(definitions);
    if (!match) {
      const found = JSON.stringify(definitions.slice(at, at + 60));
      const message = `unsquashfs -pf: character ${at}: expected a definition, found ${found}`;
      throw new TwinbankError('corrupt', 'compare.pseudo-file', message);
    }
    const [, name = '', link, type = 'L', , mode = '0', uid = '0', gid = '0', more = ''] = match;
    const [bytes = 0, offset = 0] = type === 'R' ? more.trim().split(' ').map(Number) : [];
    entries.push({
      path: name.replaceAll(/\\([\s\S])/g, '$1'),
      type,
      mode: Number.parseInt(mode, 8),
      owner: `${uid}:${gid}`,
      bytes,
      offset,
      rest: link ?? more.slice(1),
    });
  }
  return entries;
}
