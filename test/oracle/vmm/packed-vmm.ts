import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { socketFolder, type TemporaryFolder } from '../../../src/host/temporary-folder.ts';
import { type RpcClient, rpcClient } from '../../../src/protocol/rpc-client.ts';
import { qmp } from '../../../src/protocol/rpc-dialect.ts';
import { noAnswerCode, RpcError } from '../../../src/protocol/rpc-error.ts';
import { builtImage } from '../builder/built-image.ts';
import { judge } from '../components/foreign-tool.ts';

/** How a monitor's life ended. */
export interface VmmEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** A virtual machine of the packed monitor. */
export interface Vmm {
  readonly qmp: RpcClient;
  /** The first event of this name that was not yet asked for; with `matches`, the first such that is like it. */
  event(name: string, matches?: (data: Record<string, unknown>) => boolean): Promise<void>;
  /** Resolves once the guest has written this text to its debug console. */
  says(text: string): Promise<void>;
  readonly ended: Promise<VmmEnd>;
  /** Ends it in order: disks are flushed. */
  quit(): Promise<VmmEnd>;
}

export interface PackedVmm {
  /** A folder for files and sockets of this test. */
  folder(): string;
  /** Starts a machine with nothing but these devices; `accelerator` is TCG unless told. */
  start(args: readonly string[], accelerator?: string): Promise<Vmm>;
}

/** Who waits for something that is told once, in whatever order both come. */
interface Listener {
  check(): boolean;
}

/**
 * The monitor of the default image as its bank has it, by its own loader, with its own and the engine's libraries, firmware
 * and plugins: nothing of this machine's QEMU. What still runs after a test is ended.
 */
export function packedVmm(): PackedVmm {
  const image = builtImage();
  const root = join(image.program.folder, 'bank');
  const libraries = join(root, 'usr/lib/x86_64-linux-gnu');
  const running = new Set<() => Promise<void>>();
  const folders: TemporaryFolder[] = [];
  beforeAll(() => {
    for (const layer of ['engine', 'vmm']) {
      const archive = join(image.program.folder, `${layer}.v00`);
      const unpacked = join(image.program.folder, `${layer}-archive`);
      judge('mcopy', ['-o', '-n', '-i', image.at(5), `::${layer}.v00`, archive]);
      mkdirSync(unpacked);
      judge('sh', ['-c', 'cd "$1" && cpio -i -d --quiet < "$2"', 'sh', unpacked, archive]);
      judge('unsquashfs', ['-q', '-n', '-f', '-d', root, join(unpacked, `modules/${layer}.sqfs`)]);
    }
  });
  afterEach(async () => {
    await Promise.all([...running].map((end) => end()));
    await Promise.all(folders.splice(0).map((folder) => folder.remove()));
  });
  afterAll(() => Promise.all([...running].map((end) => end())));
  const folder = (): string => {
    const made = socketFolder('vmm');
    folders.push(made);
    return made.path;
  };

  async function start(args: readonly string[], accelerator = 'tcg'): Promise<Vmm> {
    const log = join(folder(), 'log');
    const server = createServer().listen(log);
    await once(server, 'listening');
    const connected = once(server, 'connection');
    const child = spawn(
      join(libraries, 'ld-linux-x86-64.so.2'),
      [
        ...['--library-path', libraries, join(root, 'usr/bin/qemu-system-x86_64')],
        ...['-L', join(root, 'usr/share/qemu'), '-accel', accelerator],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-qmp', 'stdio'],
        ...['-chardev', `socket,id=log,path=${log}`],
        ...['-device', 'isa-debugcon,iobase=0x402,chardev=log', ...args],
      ],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { LC_ALL: 'C', QEMU_MODULE_DIR: join(libraries, 'qemu'), LD_BIND_NOW: '1' },
      },
    );
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
    });
    child.stdin.on('error', () => {});
    const ended = new Promise<VmmEnd>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal, errors }));
    });
    const end = async (): Promise<void> => {
      child.kill('SIGKILL');
      await ended;
      server.close();
    };
    running.add(end);
    void ended.then(() => running.delete(end));
    const failed = ended.then((how) => {
      throw new Error(`the monitor ended: ${JSON.stringify(how)}`);
    });
    failed.catch(() => {});

    const listeners = new Set<Listener>();
    const notify = (): void => {
      for (const one of listeners) if (one.check()) listeners.delete(one);
    };
    const until = (check: () => boolean): Promise<void> => {
      const told = new Promise<void>((resolve) => {
        listeners.add({
          check: () => {
            const isSo = check();
            if (isSo) resolve();
            return isSo;
          },
        });
        notify();
      });
      return Promise.race([told, failed]);
    };
    const events: { name: string; data: Record<string, unknown> }[] = [];
    const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
    const client = rpcClient(duplex, {
      dialect: qmp,
      limit: 1 << 24,
      onEvent: ({ event, data }) => {
        events.push({ name: String(event), data: (data ?? {}) as Record<string, unknown> });
        notify();
      },
    });
    let text = '';
    void connected.then(([socket]: Socket[]) => {
      socket!.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        notify();
      });
      socket!.on('error', () => {});
    });
    const capable = client.call('qmp_capabilities');
    capable.catch(() => {});
    // A monitor that ends closes its connection first; why it has ended is told a moment later.
    const answered = capable.catch((error: Error) => {
      if (error instanceof RpcError && error.code === noAnswerCode) return failed;
      throw error;
    });
    await Promise.race([answered, failed]);
    return {
      qmp: client,
      event: (name, matches = () => true) =>
        until(() => {
          const index = events.findIndex((one) => one.name === name && matches(one.data));
          if (index >= 0) events.splice(index, 1);
          return index >= 0;
        }),
      says: (words) => until(() => text.includes(words)),
      ended,
      quit: async () => {
        await client.call('quit');
        const how = await ended;
        server.close();
        return how;
      },
    };
  }
  return { folder, start };
}
