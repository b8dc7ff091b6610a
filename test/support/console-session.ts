import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Program } from '../oracle/builder/built-image.ts';

/** How a command ended: all that a terminal would show. */
interface Shown {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Someone who types what a page says, in a folder that begins as `folder` is. */
export interface ConsoleSession {
  type(command: string): Shown;
  write(path: string, text: string, append: boolean): void;
}

export interface SessionOptions {
  readonly folder: string;
  /** Runs plain commands in its thread: a start of Node for each would take longer than most. A shell starts it. */
  readonly program: Program;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function consoleSession({ folder, program, env }: SessionOptions): ConsoleSession {
  let cwd = folder;
  let last = 0;
  const tools = join(folder, '.tools');
  mkdirSync(tools);
  writeFileSync(
    join(tools, 'npx'),
    `#!/bin/sh\nshift\nexec "${process.execPath}" "${program.path}" "$@"\n`,
  );
  chmodSync(join(tools, 'npx'), 0o755);
  const shellEnv = { ...env, PATH: `${tools}:${env.PATH}` };
  const short = (text: string): string[] => text.replaceAll(`${folder}/`, '').split('\n');

  return {
    type(command) {
      const [, target] = /^cd (\S+)$/.exec(command) ?? [];
      if (target !== undefined) {
        cwd = resolve(cwd, target);
        return { code: 0, lines: [] };
      }
      if (command === 'echo $?') return { code: 0, lines: [`${last}`] };
      const [npx, name, ...argv] = plainWords(command) ?? [];
      if (npx === 'npx' && name === 'twinbank') {
        const { status, stdout, stderr } = program.run(argv, { cwd, env, oneStream: true });
        last = status ?? 1;
        return { code: last, lines: short(stdout + stderr) };
      }
      const { status, stdout } = spawnSync('bash', ['-c', `exec 2>&1\n${command}`], {
        cwd,
        env: shellEnv,
        encoding: 'utf8',
      });
      last = status ?? 1;
      return { code: last, lines: short(stdout) };
    },
    write(path, text, append) {
      const file = join(cwd, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: append ? 'a' : 'w' });
    },
  };
}

/** The words of a command line, without its comment; undefined for what only a shell understands. */
export function plainWords(command: string): string[] | undefined {
  const words: string[] = [];
  const token = /\s*(?:(#.*)|((?:"[^"$`\\]*"|'[^']*'|\\\n|[^\s"'\\$`|&;<>()*?[\]{}~])+))/y;
  const text = command.replaceAll(/\\\n\s*/g, ' ').trimEnd();
  while (token.lastIndex < text.length) {
    const [, comment, word] = token.exec(text) ?? [];
    if (comment !== undefined) return words;
    if (word === undefined) return undefined;
    words.push(word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  }
  return words;
}
