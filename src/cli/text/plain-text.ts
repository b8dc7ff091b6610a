/**
 * Text from a disk, safe for a terminal: whatever could be part of an escape sequence, turn the line
 * around or break it becomes a question mark.
 */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '?');
}

/**
 * The same of several lines that strangers have written, such as an OEM's tests: they stay lines, and none of them is a command
 * to a log that takes them: of GitHub Actions `::` at the beginning of a line, `##[` anywhere in it (actions/runner, ActionCommand.cs).
 */
export function plainLines(text: string): string {
  const lines = text.split('\n').map(plain);
  return lines
    .map((line) => line.replace(/^(\s*)::/, '$1? ::').replaceAll('##[', '# #['))
    .join('\n');
}

/** Breaks a text at blanks into lines of at most `columns`; all but the first begin with `indent` blanks. */
export function wrap(text: string, columns: number, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}

/** The same texts with blanks before them, all as long as the longest. */
export function alignRight(texts: readonly string[]): string[] {
  const width = Math.max(0, ...texts.map((text) => text.length));
  return texts.map((text) => text.padStart(width));
}
