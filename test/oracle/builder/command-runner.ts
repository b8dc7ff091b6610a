import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';

/** How a command ended. */
export interface CommandEnd {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a thread is asked to run; `done` becomes 1 when the answer is there. */
export interface CommandCall {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Both streams as a terminal shows them: what was written to either is in `stdout`, in its order. */
  readonly oneStream: boolean;
  readonly done: Int32Array;
}

/** Runs command lines one after another in one thread, which loads the program once. */
export interface CommandRunner {
  /** Returns when the command has ended, as `spawnSync` does. */
  run(argv: readonly string[], options: Pick<CommandCall, 'cwd' | 'env' | 'oneStream'>): CommandEnd;
}

/** Longer than a build with a cold cache, for what hangs. */
const commandTimeoutMs = 900_000;

/** Starts the thread of a bundled `command-thread.ts`; it ends with the process. */
export function startCommandRunner(script: string): CommandRunner {
  const { port1, port2 } = new MessageChannel();
  const thread = new Worker(script, { workerData: { port: port2 }, transferList: [port2] });
  thread.unref();
  port1.unref();
  return {
    run: (argv, { cwd, env, oneStream }) => {
      const done = new Int32Array(new SharedArrayBuffer(4));
      port1.postMessage({ argv, cwd, env, oneStream, done } satisfies CommandCall);
      const waited = Atomics.wait(done, 0, 0, commandTimeoutMs);
      const received = receiveMessageOnPort(port1);
      if (!received) throw new Error(`twinbank ${argv.join(' ')}: ${waited}: expected an answer`);
      return received.message;
    },
  };
}
