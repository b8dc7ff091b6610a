import { PassThrough, Readable, Writable } from 'node:stream';
import type { Command, CommandRow, Definition, Screen } from '../../../src/cli/command.ts';
import { defineCommand } from '../../../src/cli/command.ts';
import { type Host, run } from '../../../src/cli/run.ts';

/** A stream that keeps what is written to it. */
export function sink(properties: { isTTY?: boolean; columns?: number } = {}) {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, properties) as Screen, text: () => chunks.join('') };
}

/**
 * A terminal to type on: `type` answers the questions in their order, each when it is asked; what is
 * shown on it goes to `text`.
 */
export function keyboard(...answers: string[]) {
  const waiting = [...answers];
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => void modes.push(raw),
  });
  const screen = sink({ isTTY: true });
  const stderr = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        const answer = / $/.test(String(chunk)) ? waiting.shift() : undefined;
        if (answer !== undefined) setImmediate(() => stdin.write(answer));
        screen.stream.write(chunk, done);
      },
    }),
    { isTTY: true },
  );
  return { host: { stdin, stderr }, modes, text: screen.text, unanswered: () => waiting };
}

/** Runs a command line in this process, with its own streams and registry. */
export async function runHere(
  argv: readonly string[],
  options: { rows?: readonly CommandRow[]; host?: Partial<Host> } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout = sink();
  const stderr = sink();
  const host: Host = {
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    cwd: process.cwd(),
    env: { PATH: process.env.PATH },
    signal: new AbortController().signal,
    now: () => 0,
    ...options.host,
  };
  const code = await run(argv, host, ...(options.rows ? [options.rows] : []));
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** A registry with one command, `try`, that does what the test says. */
export function oneCommand(
  body: Definition<object>['run'],
  usage = 'try',
): { rows: CommandRow[]; loaded: () => number } {
  let loaded = 0;
  const command: Command = defineCommand({ builder: (yargs) => yargs, run: body });
  const row = {
    usage,
    describe: 'Does what the test says',
    load: async () => {
      loaded += 1;
      return { command };
    },
  };
  return { rows: [row], loaded: () => loaded };
}
