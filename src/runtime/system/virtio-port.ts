import {
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { type Method, requestQueue } from '../../protocol/json-rpc.ts';
import { lineSplitter } from '../../protocol/line-splitter.ts';

/** The name under which the host of a virtual machine finds vmkd (docs/vmkd.md). */
const virtioPortName = 'org.twinbank.vmkd.0';

/** A port that never waits; both throw when it has been taken away. */
export interface Port {
  /** Bytes read; 0: no one is connected on the host's side; undefined: nothing has come. */
  read(buffer: Uint8Array): number | undefined;
  /** Bytes taken; 0 while the host does not read. */
  write(bytes: Uint8Array): number;
}

/** The device of the virtio-serial port with vmkd's name, undefined where the machine has none. */
export function findVirtioPort(): string | undefined {
  const folder = '/sys/class/virtio-ports';
  if (!existsSync(folder)) return undefined;
  const port = readdirSync(folder).find(
    (name) => readFileSync(`${folder}/${name}/name`, 'utf8').trim() === virtioPortName,
  );
  return port && `/dev/${port}`;
}

/**
 * Opens a virtio-serial port. Node gets no event from such a device, and a read that waits would hold one
 * of its threads, for which a process that wants to end after a throw waits for ever.
 */
export async function openVirtioPort(device: string): Promise<Port> {
  const fd = openSync(device, constants.O_RDWR | constants.O_NONBLOCK);
  return {
    read: (buffer) => unlessBusy(() => readSync(fd, buffer, 0, buffer.length, null)),
    write: (bytes) => unlessBusy(() => writeSync(fd, bytes)) ?? 0,
  };
}

function unlessBusy(call: () => number): number | undefined {
  try {
    return call();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

/**
 * Milliseconds after which a port is asked again: when no one is connected; when nothing has come; and when nothing has come or gone for
 * {@link quietLooks} looks, two seconds, so that nobody who asks one thing after another waits for the next answer.
 */
const pauses = { away: 250, silent: 50, quiet: 250 };
const quietLooks = 40;
const maxWaitingBytes = 1 << 20;

/**
 * Serves vmkd's protocol on a port until that throws. Half a line and answers that have not gone out are
 * dropped when the host disconnects; a host that does not read its answers, or has asked much that is not answered yet, is not read
 * from.
 */
export async function serveVirtioPort(
  port: Port,
  methods: Readonly<Record<string, Method>>,
  pause: (ms: number) => Promise<unknown> = setTimeout,
): Promise<never> {
  const buffer = new Uint8Array(64 << 10);
  let host = connection(methods);
  let silent = 0;
  try {
    for (;;) {
      if (host.answers.length > 0) silent = 0;
      if (host.answers.length > 0) host.answers = host.answers.subarray(port.write(host.answers));
      const full = host.answers.length > maxWaitingBytes || host.isBusy();
      const bytes = full ? undefined : port.read(buffer);
      if (bytes === 0) {
        host.end();
        host = connection(methods);
      } else if (bytes !== undefined) host.hear(buffer.subarray(0, bytes));
      silent = bytes === undefined ? silent + 1 : 0;
      if (bytes) await setImmediate();
      else if (bytes === 0) await pause(pauses.away);
      else await pause(silent < quietLooks ? pauses.silent : pauses.quiet);
    }
  } finally {
    host.end();
  }
}

interface Connection {
  /** What is still to be sent. */
  answers: Uint8Array;
  /** So much is asked that no more is read. */
  isBusy(): boolean;
  hear(bytes: Uint8Array): void;
  /** The host has disconnected. */
  end(): void;
}

function connection(methods: Readonly<Record<string, Method>>): Connection {
  const decoder = new TextDecoder();
  const gone = new AbortController();
  const queue = requestQueue(methods, gone.signal, (answer) => {
    if (answer) self.answers = Buffer.concat([self.answers, Buffer.from(`${answer}\n`)]);
  });
  const onLine = lineSplitter(queue.add);
  const self: Connection = {
    answers: new Uint8Array(),
    isBusy: queue.full,
    hear: (bytes) => onLine(decoder.decode(bytes, { stream: true })),
    end: () => gone.abort(),
  };
  return self;
}
