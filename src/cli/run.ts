import { setMaxListeners } from 'node:events';
import { createColors } from 'picocolors';
import type { CommandRow, Context, Environment, Input, Result, Screen } from './command.ts';
import { exitCode } from './exit-code.ts';
import { toFailure } from './failure.ts';
import { errorText, type JsonForm, jsonError, jsonText, resultText, write } from './output.ts';
import { parseCommandLine } from './parse.ts';
import { createProgress } from './progress.ts';
import { commands } from './registry.ts';
import { askOpenly, askSecretly } from './secrets/ask-secretly.ts';

/** The process as the command line needs it; a test passes its own. */
export interface Host {
  readonly stdin: Input;
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly cwd: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
}

/** Runs one command line (without node and script) and returns the exit code; never throws. */
export async function run(
  argv: readonly string[],
  host: Host,
  rows: readonly CommandRow[] = commands,
): Promise<number> {
  // Known before the command line is understood, so that a usage error is a document, too.
  const json = flagged(argv, '--json');
  const colors = createColors(wantsColor(host.stderr, host.env));
  const live = host.stderr.isTTY === true && host.env.TERM !== 'dumb';
  const progress = createProgress({
    write: (text) => void host.stderr.write(text),
    live,
    columns: host.stderr.columns ?? 80,
    colors,
    quiet: flagged(argv, '--quiet') || flagged(argv, '-q'),
    now: host.now,
  });
  const context: Context = {
    report: progress.report,
    signal: host.signal,
    stdout: host.stdout,
    // Asked for late: Node makes the stream of standard input when it is first looked at.
    get stdin() {
      return host.stdin;
    },
    ask: (question) => onTerminal(host, progress, question, askSecretly),
    askOpenly: (question) => onTerminal(host, progress, question, askOpenly),
    cwd: host.cwd,
    env: host.env,
    json,
    live,
    colors: createColors(!json && wantsColor(host.stdout, host.env)),
    columns: host.stdout.columns ?? 80,
  };
  // Every host tool and download listens to it, many at once.
  setMaxListeners(0, host.signal);
  let result: Result | undefined;
  let failure: Result['failure'];
  let form: JsonForm = 'document';
  try {
    const parsed = await parseCommandLine(argv, rows, {
      columns: Math.min(context.columns, 120),
      cwd: host.cwd,
    });
    if ('text' in parsed) {
      await write(parsed.wanted ? host.stdout : host.stderr, parsed.text);
      return parsed.wanted ? 0 : 2;
    }
    if (parsed.command.jsonLines) form = 'line';
    result = await parsed.command.run(context, parsed.options);
    progress.stop();
    if (result) await write(host.stdout, resultText(result, json && form));
    failure = result?.failure;
  } catch (thrown) {
    progress.stop();
    failure = toFailure(thrown, host.signal, host.env);
    if (json) await write(host.stdout, jsonText(jsonError(failure), form)).catch(() => {});
  }
  if (failure) {
    const debug = host.env.TWINBANK_DEBUG === '1';
    await write(host.stderr, errorText(failure, colors, debug)).catch(() => {});
  }
  return exitCode({ failure, differs: result?.differs });
}

async function onTerminal(
  host: Host,
  progress: { stop(): void },
  question: string,
  ask: typeof askOpenly,
): Promise<string | undefined> {
  if (host.stdin.isTTY !== true || host.stderr.isTTY !== true) return undefined;
  progress.stop();
  const write = (text: string): void => void host.stderr.write(text);
  return ask(question, { stdin: host.stdin, write, signal: host.signal });
}

function flagged(argv: readonly string[], flag: string): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes(flag);
}

/** NO_COLOR (no-color.org) goes before FORCE_COLOR, both before what the stream can do. */
function wantsColor(stream: Screen, env: Environment): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return !['', '0', 'false'].includes(env.FORCE_COLOR);
  return stream.isTTY === true && env.TERM !== 'dumb';
}
