import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, test } from 'vitest';

/**
 * Tests judged by foreign programs. Where one is missing the report says so, and in CI that is a
 * failure: a judge who stays away must not look like a verdict.
 * `files` are what a program needs beside itself, such as a package of Python.
 */
export function judgedBy(
  programs: readonly string[],
  tests: () => void,
  files: readonly string[] = [],
): void {
  const missing = [
    ...programs.filter((name) => spawnSync(name, ['--version']).error !== undefined),
    ...files.filter((file) => !existsSync(file)),
  ];
  const title = `judged by ${programs.join(', ')}`;
  if (missing.length === 0) describe(title, tests);
  else if (process.env.CI) {
    test(title, () => {
      throw new Error(`not on this machine: ${missing.join(', ')}`);
    });
  } else test.skip(`${title}: not on this machine: ${missing.join(', ')}`, () => {});
}

/** Runs a judge to its end and returns what it printed. */
export function judge(program: string, args: readonly string[], env = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: 'C', ...env },
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${status}: ${stderr}`);
  return stdout;
}
