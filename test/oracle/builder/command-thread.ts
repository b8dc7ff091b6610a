import { Readable, Writable } from 'node:stream';
import { type MessagePort, workerData } from 'node:worker_threads';
import { run } from '../../../src/cli/run.ts';
import type { CommandCall, CommandEnd } from './command-runner.ts';

// The other end of `command-runner.ts`: one command line after another, in a thread that has loaded the program once.
// A thread has an environment of its own, so that what a command starts finds the PATH that the call names.

const { port } = workerData as { port: MessagePort };
process.setMaxListeners(0);

port.on('message', (call: CommandCall) => {
  const answer = (ended: CommandEnd): void => {
    port.postMessage(ended);
    Atomics.store(call.done, 0, 1);
    Atomics.notify(call.done, 0);
  };
  const crash = (thrown: unknown): void => {
    const stderr = thrown instanceof Error ? `${thrown.stack}` : String(thrown);
    answer({ status: null, stdout: '', stderr });
  };
  process.removeAllListeners('uncaughtException').once('uncaughtException', crash);
  runHere(call).then(answer, crash);
});

async function runHere({ argv, cwd, env, oneStream }: CommandCall): Promise<CommandEnd> {
  for (const name of Object.keys(process.env)) delete process.env[name];
  // As `main.ts` does: what is started does not inherit the passphrase.
  const { TWINBANK_PASSPHRASE: _, ...inherited } = env;
  Object.assign(process.env, inherited);
  const stdout = collected();
  const stderr = oneStream ? stdout : collected();
  const status = await run(argv, {
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    cwd,
    env,
    signal: new AbortController().signal,
    now: () => performance.now(),
  });
  return { status, stdout: stdout.text(), stderr: oneStream ? '' : stderr.text() };
}

function collected(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
