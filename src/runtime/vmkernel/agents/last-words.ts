import { lineSplitter } from '../../../protocol/line-splitter.ts';

const mostLines = 40;
const lineCharacters = 300;

/**
 * Cuts what a program says into lines and hands them on, and keeps the last ones: those of an exception that nobody caught, or of a heap that
 * was full, have its stack. `take` gives them and begins anew.
 */
export function lastWords(onLine: (line: string) => void): {
  add(chunk: string): void;
  take(): readonly string[];
} {
  let lines: string[] = [];
  const add = lineSplitter((line) => {
    lines.push(line.slice(0, lineCharacters));
    if (lines.length > mostLines) lines.shift();
    onLine(line);
  });
  return {
    add,
    take: () => {
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}
