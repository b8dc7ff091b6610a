/*
 * Markdown whose console blocks are run. A block is fenced as ```console: what is typed stands behind `$ `, what is printed below it.
 *
 *   <!-- not run: REASON -->     above a block: its commands are only held against the table of commands
 *   <!-- file: PATH -->          above any other block: its text is that file from there on
 *   <!-- more of PATH -->        its text goes to the end of that file
 */

/** What is typed at one prompt, and what the page shows below it. */
export interface ConsoleCommand {
  /** Of the page, from 1. */
  readonly line: number;
  /** Lines that end in a backslash or belong to a here document are in it. */
  readonly text: string;
  readonly output: readonly string[];
}

export type PageStep =
  | {
      readonly kind: 'console';
      readonly line: number;
      /** Why it cannot be run where tests run. */
      readonly notRun?: string;
      readonly commands: readonly ConsoleCommand[];
    }
  | {
      readonly kind: 'file';
      readonly line: number;
      readonly path: string;
      readonly text: string;
      /** Behind what the file has already. */
      readonly append: boolean;
    };

/** A fenced block of any language. */
export interface Fence {
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
  /** The comment right above it. */
  readonly comment?: string;
}

/** Every fenced block, in order; those in lists are taken without their indentation. */
export function fencesOf(markdown: string): Fence[] {
  const lines = markdown.split('\n');
  const fences: Fence[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent = '', language = ''] = /^( *)```(\S*)\s*$/.exec(lines[at] ?? '') ?? [];
    if (!/^ *```/.test(lines[at] ?? '')) continue;
    const end = lines.findIndex((text, index) => index > at && /^ *```\s*$/.test(text));
    if (end === -1) throw new Error(`line ${at + 1}: expected an end of this block, found none`);
    const [, comment] = /^ *<!-- (.*) -->$/.exec(lines[at - 1] ?? '') ?? [];
    fences.push({
      line: at + 1,
      language,
      lines: lines.slice(at + 1, end).map((text) => text.replace(indent, '')),
      ...(comment !== undefined && { comment }),
    });
    at = end;
  }
  return fences;
}

/** What a reader of the page does, in order. */
export function pageSteps(markdown: string): PageStep[] {
  return fencesOf(markdown).flatMap(({ line, language, lines, comment = '' }): PageStep[] => {
    const [, verb, path] = /^(file:|more of) (\S+)$/.exec(comment) ?? [];
    if (path !== undefined) {
      const text = `${lines.join('\n')}\n`;
      return [{ kind: 'file', line, path, text, append: verb === 'more of' }];
    }
    if (language !== 'console') return [];
    const [, notRun] = /^not run: (.+)$/.exec(comment) ?? [];
    const commands = commandsOf(lines, line + 1);
    return [{ kind: 'console', line, commands, ...(notRun !== undefined && { notRun }) }];
  });
}

function commandsOf(lines: readonly string[], first: number): ConsoleCommand[] {
  const commands: { line: number; text: string; output: string[] }[] = [];
  let ends: ((text: string) => boolean) | undefined;
  lines.forEach((text, index) => {
    const command = commands.at(-1);
    if (ends && command) {
      command.text += `\n${text}`;
      if (ends(text)) ends = undefined;
    } else if (text.startsWith('$ ')) {
      commands.push({ line: first + index, text: text.slice(2), output: [] });
      const [, word] = /<<'?(\w+)'?/.exec(text) ?? [];
      if (word !== undefined) ends = (more) => more === word;
      else if (text.endsWith('\\')) ends = (more) => !more.endsWith('\\');
    } else if (command) command.output.push(text);
    else throw new Error(`line ${first + index}: expected "$ " and a command, found ${text}`);
  });
  return commands;
}

/** The arguments of each call of twinbank in a line of shell: up to a pipe, a redirection or a comment. */
export function twinbankCalls(text: string): string[][] {
  const token = /\s*(?:(#.*)|((?:[|&;()]|\d*[<>])+)|((?:"[^"]*"|'[^']*'|\\.|[^\s"'\\|&;<>()])+))/gy;
  const words: string[] = [];
  for (const [, comment, operator, word] of text.replaceAll(/\\\n\s*/g, ' ').matchAll(token)) {
    if (comment !== undefined) break;
    words.push(operator ? '\0' : (word ?? '').replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  }
  const calls = words.flatMap((word, at) => {
    const starts = at === 0 || words[at - 1] === '\0' || /^\w+=/.test(words[at - 1] ?? '');
    const from = word === 'npx' && words[at + 1] === 'twinbank' ? at + 2 : at + 1;
    if (!starts || (word !== 'twinbank' && from === at + 1)) return [];
    const end = words.indexOf('\0', from);
    return [words.slice(from, end === -1 ? undefined : end)];
  });
  return calls;
}
