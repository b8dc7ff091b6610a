import { StringDecoder } from 'node:string_decoder';
import type { Input } from '../command.ts';
import { interrupted, usageError } from '../failure.ts';

interface Terminals {
  readonly stdin: Input;
  /** Writes to the terminal that the question is asked on. */
  write(text: string): void;
  readonly signal: AbortSignal;
}

/**
 * Asks on the terminal for one line and shows nothing of it. Ctrl-C throws `cli.interrupted`, like the
 * signal that the terminal does not send meanwhile; Ctrl-D on an empty line throws `cli.usage`.
 */
export async function askSecretly(question: string, terminals: Terminals): Promise<string> {
  const { stdin, write, signal } = terminals;
  signal.throwIfAborted();
  // Raw before the question is there, or the terminal would show what a quick hand types.
  stdin.setRawMode?.(true);
  try {
    write(question);
    return await readLine(stdin, signal);
  } finally {
    stdin.setRawMode?.(false);
    write('\n');
  }
}

/** Asks for one line that the terminal shows as it is typed. Throws as {@link askSecretly} does. */
export async function askOpenly(question: string, terminals: Terminals): Promise<string> {
  terminals.signal.throwIfAborted();
  terminals.write(question);
  return await readLine(terminals.stdin, terminals.signal);
}

function readLine(stdin: Input, signal: AbortSignal): Promise<string> {
  const decoder = new StringDecoder('utf8');
  let line = '';
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      // First, or what is put back would be handed to nobody.
      stdin.pause();
      stdin.off('data', onData).off('end', onEnd).off('close', onEnd);
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      stop();
      reject(signal.reason);
    };
    const onEnd = (): void => {
      stop();
      reject(noLine());
    };
    const onData = (chunk: Buffer): void => {
      const typed = typeKeys(line, decoder.write(chunk));
      line = typed.line;
      if (typed.end === undefined) return;
      stop();
      // Who typed ahead, or pasted two lines, has answered the next question.
      if (typed.rest !== '') stdin.unshift(Buffer.from(typed.rest));
      if (typed.end === 'interrupted') reject(interrupted('SIGINT'));
      else if (typed.end === 'closed') reject(noLine());
      else resolve(line);
    };
    signal.addEventListener('abort', onAbort);
    stdin.on('data', onData).on('end', onEnd).on('close', onEnd).resume();
  });
}

const noLine = (): Error => usageError('terminal: expected a line, found its end');

interface Typed {
  readonly line: string;
  readonly end?: 'entered' | 'interrupted' | 'closed';
  /** What was typed behind the end. */
  readonly rest: string;
}

/** What a cursor or function key sends is one key: Escape and a sequence of ECMA-48 or of the VT100. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the keys.
const keys = /\u001b(?:\[[0-?]*[ -/]*[@-~]|O.|[^\u001b])?|[^\u001b]/gsu;

/** A line after more keys of a raw terminal: a terminal that shows a line would have edited it itself. */
function typeKeys(before: string, text: string): Typed {
  let line = before;
  for (const match of text.matchAll(keys)) {
    const [key] = match;
    const rest = text.slice(match.index + key.length);
    if (key === '\r' || key === '\n') return { line, end: 'entered', rest };
    if (key === '\u0003') return { line, end: 'interrupted', rest };
    if (key === '\u0004' && line === '') return { line, end: 'closed', rest };
    if (key === '\u007f' || key === '\b') line = [...line].slice(0, -1).join('');
    // Ctrl-U: all of it again.
    else if (key === '\u0015') line = '';
    else if (key === '\t' || !/^\p{Cc}/u.test(key)) line += key;
  }
  return { line, rest: '' };
}
