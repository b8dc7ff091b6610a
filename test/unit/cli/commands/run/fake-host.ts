import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { interrupted } from '../../../../../src/cli/failure.ts';
import type { Host } from '../../../../../src/cli/run.ts';
import { writtenLines } from '../../../../support/written-lines.ts';
import { smallImage } from '../../../bootloader/small-image.ts';
import { fakeQemu } from '../../../harness/qemu/fake-qemu.ts';
import { runHere } from '../../host.ts';

/**
 * The body of a fake QEMU (`fakeQemu`) with a host: `steps` has JavaScript for what it does, with `line(text)` for its console, `end(reason)`,
 * `reset(next)` and `open(isOpen)` for vmkd's port.
 * It writes down what it is told, one line of JSON each, to `commands` beside it.
 */
interface Steps {
  /** It does not start: its own words. */
  readonly refuses?: string;
  /** When it is switched on. */
  readonly on?: string;
  /** When the power button is pressed. */
  readonly button?: string;
  /** When something was asked of vmkd: returns the result of `method` and `params`; undefined: no answer. */
  readonly vmkd?: string;
  /** When something was typed. */
  readonly typed?: string;
}

/** The lines of a boot of bank 6. */
export const bootsSix = `
  line('twinbank: loader');
  line('twinbank: booting bank 6 build=2-1');
  line('twinbank: stage=engine at=1.00s Node 22');
  line('twinbank: stage=agents at=2.00s vmkd, power button');
  line('twinbank: ready build=2-1 bank=6 boot=9.9s');
`;
const boots = `
  line('twinbank: loader');
  line('twinbank: booting bank 5 build=1-1');
  line('twinbank: stage=engine at=1.00s Node 22');
  line('twinbank: stage=agents at=2.00s vmkd, power button');
  line('twinbank: ready build=1-1 bank=5 boot=9.9s');
`;
export const powersOff = `
  line('twinbank: shutting down: power button');
  end('guest-shutdown');
`;

function body({ refuses, on = boots, button = powersOff, vmkd = '', typed = '' }: Steps): string {
  if (refuses !== undefined) return `say(${JSON.stringify(refuses)}); process.exit(1);`;
  return `
const log = require('node:path').join(require('node:path').dirname(process.argv[1]), 'commands');
const note = (what) => fs.appendFileSync(log, JSON.stringify(what) + '\\n');
note({ start: process.argv.slice(2), env: Object.keys(process.env) });
const serial = connect('console');
const port = connect('vmkd');
const control = connect('qmp');
const line = (text) => serial.write(text + '\\r\\n');
const untilReboot = !process.argv.some((word, at) => word === '-action' && process.argv[at + 1] === 'reboot=reset');
const send = (message) => control.write(JSON.stringify(message) + '\\n');
const end = (reason) => {
  send({ event: 'SHUTDOWN', data: { guest: true, reason } });
  serial.end(() => control.end(() => process.exit(0)));
};
const open = (isOpen) => send({ event: 'VSERPORT_CHANGE', data: { id: 'vmkd', open: isOpen } });
// What a guest's reset is to QEMU, whatever has been said before: the end, or the next boot, whose lines \`next\` says.
const reset = (next) => {
  if (untilReboot) return end('guest-reset');
  send({ event: 'RESET', data: { guest: true, reason: 'guest-reset' } });
  next();
};
const lines = (socket, hear) => {
  let pending = '';
  socket.on('data', (chunk) => {
    const parts = (pending + chunk).split('\\n');
    pending = parts.pop();
    for (const part of parts) hear(JSON.parse(part));
  });
};
const forwards = [];
const monitor = (words) => {
  const [, protocol, host, guest] = /^hostfwd_add net (\\w+):127.0.0.1:(\\d+)-:(\\d+)$/.exec(words) ?? [];
  if (guest) forwards.push([protocol.toUpperCase(), Number(host) || 40000 + Number(guest), guest]);
  if (words !== 'info usernet') return '';
  return forwards.map(([p, h, g]) => '  ' + p + '[HOST_FORWARD]  84  127.0.0.1 ' + h + '  10.0.2.15  ' + g + '  0  0\\r\\n').join('');
};
send({ QMP: { version: {} } });
lines(control, ({ execute, arguments: args, id }) => {
  note({ execute, ...(args && { args }) });
  send({ return: execute === 'human-monitor-command' ? monitor(args['command-line']) : {}, id });
  if (execute === 'qmp_capabilities') { ${on} }
  if (execute === 'system_powerdown') { ${button} }
});
lines(port, ({ id, method, params }) => {
  note({ vmkd: method, params });
  const result = (() => {
    ${vmkd}
    return method === 'status' ? { build: '1-1', bank: 5 } : { saved: true };
  })();
  if (result !== undefined) port.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n');
});
serial.on('data', (bytes) => { note({ typed: bytes.toString('latin1') }); ${typed} });
`;
}

/** The JSON of each line. */
export function documents(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** A folder with an image, and a host that `run` starts from it. */
export function fakeHost(steps: Steps = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-live-'));
  writeFileSync(join(folder, 'host.img'), smallImage().bytes);
  const fake = fakeQemu(body(steps));
  const commands = join(fake.folder, 'commands');
  const told = (): Record<string, unknown>[] =>
    writtenLines(commands).map((line) => JSON.parse(line));
  return {
    folder,
    told,
    /** QEMU's command line. */
    words: () => (told()[0]!.start as string[]).join(' '),
    executed: () => told().flatMap(({ execute }) => (execute === undefined ? [] : [execute])),
    typed: () =>
      told()
        .map(({ typed = '' }) => typed)
        .join(''),
    /** Goes on with a step that waits for the file `commands.go`. */
    go: () => writeFileSync(`${commands}.go`, ''),
    left: () => {
      const runs = existsSync(join(fake.folder, 'pid')) && fake.runs();
      return [...fake.left(), ...(runs ? ['a process'] : [])];
    },
    run: (argv: readonly string[], host: Partial<Host> = {}) => start(folder, argv, host),
    restore() {
      fake.restore();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `run host.img ARGV`, which goes on: each document of its standard output, and its end. */
function start(folder: string, argv: readonly string[], host: Partial<Host>) {
  const abort = new AbortController();
  let text = '';
  let wake = (): void => {};
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      wake();
      done();
    },
  });
  const done = runHere(['run', 'host.img', ...argv], {
    host: { cwd: folder, signal: abort.signal, stdout, ...host },
  }).then((result) => ({ ...result, stdout: text }));
  const over = done.then(() => wake());
  return {
    done,
    signal: (name: 'SIGTERM' | 'SIGINT') => abort.abort(interrupted(name)),
    /** The first line, as soon as it is there. */
    async ready(): Promise<{ vmkd: string } & Record<string, unknown>> {
      while (!text.includes('\n')) {
        const next = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([next, over]);
        if (!text.includes('\n') && (await Promise.race([done, undefined])) !== undefined) {
          throw new Error(`it ended: ${JSON.stringify(await done)}`);
        }
      }
      return JSON.parse(text.split('\n')[0]!);
    },
  };
}

/** Asks at a Unix socket, ends its own side, and returns the answers. */
export async function askSocket(path: string, ...requests: object[]): Promise<unknown[]> {
  const socket = connect({ path, allowHalfOpen: true });
  socket.end(requests.map((one) => `${JSON.stringify(one)}\n`).join(''));
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += chunk;
  return documents(text);
}
