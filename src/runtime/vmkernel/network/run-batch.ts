import { execFile } from 'node:child_process';

const timeoutMs = 30_000;

/**
 * Gives lines to `ip` or `bridge`, one process for all of them, which goes on after one that fails.
 * @returns what went wrong, a sentence for each such line; that what was to be removed had gone already is none
 */
export function runBatch(program: string, lines: readonly string[]): Promise<string[]> {
  if (lines.length === 0) return Promise.resolve([]);
  return new Promise((resolve) => {
    const args = ['-force', '-batch', '-'];
    const child = execFile(program, args, { timeout: timeoutMs }, (error, _stdout, stderr) => {
      const failed = failedLines(stderr, lines);
      resolve(error && !stderr.includes('Command failed') ? [...failed, error.message] : failed);
    });
    // One that ends early has said why on its standard error.
    child.stdin?.on('error', () => {});
    child.stdin?.end(lines.map((line) => `${line}\n`).join(''));
  });
}

/** iproute2 says why, and then `Command failed -:3` with the number of the line. */
export function failedLines(stderr: string, lines: readonly string[]): string[] {
  const failed: string[] = [];
  let why: string[] = [];
  for (const text of stderr.split('\n')) {
    const number = /^Command failed -:(\d+)/.exec(text)?.[1];
    if (number === undefined) {
      if (text !== '') why.push(text.replace(/^(RTNETLINK answers|Error): /, ''));
      continue;
    }
    const line = lines[Number(number) - 1] ?? '';
    const isGone =
      / del /.test(line) && why.some((one) => /No such|Cannot find|Cannot assign/.test(one));
    if (!isGone) failed.push(`${line}: ${why.join(', ')}`);
    why = [];
  }
  return failed;
}
