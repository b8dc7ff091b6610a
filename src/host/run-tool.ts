import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TwinbankError } from '../diagnostics/error.ts';
import { errnoIn } from '../diagnostics/system-error.ts';
import { toolPath } from './find-tool.ts';
import { outlivesTerminal } from './ignored-hangup.ts';
import { hostTools } from './tools.ts';

interface ToolOptions {
  /** Bytes for the tool's standard input, which is closed afterwards; none: it is empty. */
  input?: Uint8Array | AsyncIterable<Uint8Array>;
  cwd?: string;
  /**
   * Added to the environment, undefined takes a variable away; LC_ALL=C and TZ=UTC are always set, so
   * that output has one form.
   */
  env?: Record<string, string | undefined>;
  signal?: AbortSignal;
}

interface ToolOutput {
  stdout: Buffer;
  stderr: string;
}

/** The error for a tool that is not installed, with the hint to get it. */
export function toolMissing(name: string): TwinbankError {
  const tool = hostTools.find((row) => row.name === name);
  const hint = tool
    ? `install the package ${tool.package} (apt-get install ${tool.package})`
    : 'install it';
  return new TwinbankError(
    'tool-missing',
    'host.tool-missing',
    `${name}: expected this program on the PATH${tool ? ` for ${tool.neededFor}` : ''}, found none; ${hint}; twinbank doctor lists all that is needed`,
    { data: { tool: name, package: tool?.package } },
  );
}

/**
 * Runs a host program to its end and returns what it wrote. Throws `host.tool-missing` when there is
 * no such program and `host.tool-failed`, with the command and the end of its standard error, when it
 * does not exit with 0.
 */
export async function runTool(
  name: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolOutput> {
  const PATH = toolPath(process.env.PATH ?? '');
  const child = spawn(name, args, {
    detached: outlivesTerminal,
    cwd: options.cwd,
    env: { ...process.env, PATH, LC_ALL: 'C', TZ: 'UTC', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: options.signal,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A write that was under hint when the tool ended fails after `feed` has gone.
  child.stdin.on('error', () => {});
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
    (resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        reject(error.code === 'ENOENT' ? toolMissing(name) : error);
      });
      child.once('close', (code, signal) => resolve({ code, signal }));
    },
  );
  const [end] = await Promise.all([ended, feed(child.stdin, options.input)]);
  const errors = Buffer.concat(stderr).toString();
  if (end.code !== 0) {
    const reason = end.signal ? `signal ${end.signal}` : `exit code ${end.code}`;
    throw new TwinbankError(
      'io',
      'host.tool-failed',
      `${[name, ...args].join(' ')}: expected it to succeed, found ${reason}: ${lastLines(errors)}`,
      {
        data: { tool: name, args, exitCode: end.code, signal: end.signal, errno: errnoIn(errors) },
      },
    );
  }
  return { stdout: Buffer.concat(stdout), stderr: errors };
}

/** Ways in which a tool's input ends before it was all written. */
const endedEarly = new Set([
  'EPIPE',
  'ECONNRESET',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
]);

async function feed(
  stdin: Writable,
  input: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): Promise<void> {
  const chunks = input === undefined ? [] : input instanceof Uint8Array ? [input] : input;
  try {
    await pipeline(chunks, stdin);
  } catch (error) {
    // A tool that ends early closes its input; its exit code tells the story.
    if (!endedEarly.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join(' | ') || 'it wrote nothing to its standard error';
}
