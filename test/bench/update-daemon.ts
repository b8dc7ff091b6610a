import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { withHostDisk } from '../../src/cli/host-disk.ts';
import { applyBundle } from '../../src/update/apply.ts';
import { fileSource } from '../../src/update/source/byte-source.ts';

/** A process that has loaded all that an update needs, and waits for its one order. */
export interface UpdateDaemon {
  readonly pid: number;
  /** Applies the bundle; the process has ended then. */
  apply(): Promise<void>;
  stop(): Promise<void>;
}

/** The argument by which bench.js becomes such a process. */
export const daemonFlag = '--update-daemon';

/** Starts one and waits until it is ready. */
export async function startUpdateDaemon(
  program: string,
  image: string,
  bundle: string,
): Promise<UpdateDaemon> {
  const script = join(dirname(program), 'bench.js');
  const child = spawn(process.execPath, [script, daemonFlag, image, bundle], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const expectLine = async (expected: string): Promise<void> => {
    const { value } = await lines.next();
    if (value !== expected)
      throw new Error(`expected the daemon to say ${expected}, found ${value}`);
  };
  await expectLine('ready');
  if (child.pid === undefined) throw new Error('the daemon did not start');
  return {
    pid: child.pid,
    async apply() {
      child.stdin.write('apply\n');
      await expectLine('updated');
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** What runs in that process. */
export async function beUpdateDaemon(image: string, bundle: string): Promise<number> {
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  say('ready');
  await once(createInterface(process.stdin), 'line');
  const source = fileSource(bundle);
  const apply = () =>
    withHostDisk(image, image, { writable: true }, (disk) => applyBundle(source, disk));
  say((await apply()).outcome);
  await source.close();
  return 0;
}
