import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * A program named qemu-system-x86_64 at the front of the PATH, and a folder of temporary files of its own.
 * Its body is JavaScript that finds `connect(id)`, which connects to that socket of the command line,
 * `qmp(socket, onCommand)`, which greets, says yes to each command and tells its name, and `say(...)`.
 */
export function fakeQemu(body: string) {
  // Else the environment that it restores would be that of the one before.
  installed?.restore();
  const folder = mkdtempSync(join(tmpdir(), 'fake-qemu-'));
  const temporary = mkdtempSync(join(tmpdir(), 'fake-tmp-'));
  const program = join(folder, 'qemu-system-x86_64');
  writeFileSync(program, `#!${process.execPath}\n${prelude(join(folder, 'pid'))}\n${body}\n`);
  chmodSync(program, 0o755);
  const before = { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR };
  process.env.PATH = `${folder}${delimiter}${before.PATH}`;
  process.env.TMPDIR = temporary;
  const fake = {
    folder,
    /** Files of machines that are still there. */
    left: () => readdirSync(temporary),
    /** True while the process of the last start is there. */
    runs: () => isAlive(pidOf(folder)),
    restore() {
      if (installed !== fake) return;
      installed = undefined;
      process.env.PATH = before.PATH;
      if (before.TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before.TMPDIR;
      rmSync(folder, { recursive: true });
      rmSync(temporary, { recursive: true });
    },
  };
  installed = fake;
  return fake;
}

/** The one at the front of the PATH: there is never more than one. */
let installed: { restore(): void } | undefined;

const pidOf = (folder: string): string => readFileSync(join(folder, 'pid'), 'utf8');

function isAlive(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // It may go between two looks.
    return false;
  }
}

function prelude(pidFile: string): string {
  return `
const net = require('node:net');
const fs = require('node:fs');
// At one stroke: the test looks for it meanwhile.
fs.writeFileSync(${JSON.stringify(`${pidFile}.new`)}, String(process.pid));
fs.renameSync(${JSON.stringify(`${pidFile}.new`)}, ${JSON.stringify(pidFile)});
const say = (text) => fs.writeSync(2, text + '\\n');
const connect = (id) => {
  const prefix = 'socket,id=' + id + ',path=';
  const word = process.argv.find((word) => word.startsWith(prefix));
  const socket = net.connect(word.slice(prefix.length).replaceAll(',,', ','));
  socket.on('error', () => {});
  return socket;
};
const qmp = (socket, onCommand = () => {}) => {
  socket.write('{"QMP": {"version": {}}}\\n');
  let pending = '';
  socket.on('data', (chunk) => {
    const lines = (pending + chunk).split('\\n');
    pending = lines.pop();
    for (const line of lines) {
      const { execute, id } = JSON.parse(line);
      socket.write(JSON.stringify({ return: {}, id }) + '\\n');
      onCommand(execute);
    }
  });
};
`;
}
