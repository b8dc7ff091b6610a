import { readFileSync, statSync } from 'node:fs';
import { ifThere } from '../../disk/output-place.ts';
import type { Diagnostic } from '../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';

/** What fits on a screen of 80x25 with the lines of the boot around it. */
const most = { lines: 16, columns: 76 };

/** The lines of an OEM's logo without blanks at their ends; none where it has no logo. */
export function logoLines({ defaults: { console } }: LoadedProvider): string[] {
  if (!console?.logo) return [];
  // Where it is no file that can be read, that is a problem of provider.yaml, which `readProvider` has told.
  if (!ifThere(console.logo.path, statSync)?.isFile()) return [];
  const lines = readFileSync(console.logo.path, 'latin1')
    .split('\n')
    .map((line) => line.trimEnd());
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** What no console could show, or a program that reads the console would take for the system's own lines. */
export function logoProblems(provider: LoadedProvider): Diagnostic[] {
  const lines = logoLines(provider);
  const wrong = (expected: string, found: string): Diagnostic =>
    provider.problem(['defaults', 'console', 'logo'], expected, found);
  if (provider.defaults.console?.color && !provider.defaults.console.logo) {
    return [provider.problem(['defaults', 'console', 'color'], 'a logo that has it', 'none')];
  }
  if (lines.length > most.lines) return [wrong(`at most ${most.lines} lines`, `${lines.length}`)];
  return lines.flatMap((line, index) => {
    const where = `line ${index + 1}`;
    if (line.length > most.columns) {
      return wrong(`lines of at most ${most.columns} characters`, `${line.length} in ${where}`);
    }
    if (/[^ -~]/.test(line)) {
      return wrong(
        'printable ASCII characters, without tabs and colours (color has that)',
        `others in ${where}`,
      );
    }
    return /^\s*twinbank:/.test(line) ? wrong('no line that begins with twinbank:', where) : [];
  });
}
