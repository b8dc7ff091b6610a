import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writtenLines } from '../../../support/written-lines.ts';

/** A rig of scripts whose target only talks: its serial command takes orders from a pipe. */
export interface FakeRig {
  readonly folder: string;
  /** Writes its rig.yaml with these lines in place of, or beside, those of the same key; returns its path. */
  describe(changes?: Readonly<Record<string, string>>): string;
  /** What was ordered, in order. */
  orders(): string[];
  /** Processes whose working directory is the rig's. */
  processes(): string[];
  remove(): void;
}

const target = `
const fs = require('node:fs');
const say = (line) => process.stdout.write(line + '\\r\\n');
let timers = [];
const after = (ms, work) => timers.push(setTimeout(work, ms));
const stop = () => { timers.forEach(clearTimeout); timers = []; };
const boot = () => {
  stop();
  say('twinbank: loader');
  say('twinbank: bank 5 VALID attempts=0 verdict=- updated=2 build=1-1');
  say('twinbank: bank 6 VALID attempts=0 verdict=- updated=1 build=1-1');
  after(20, () => say('twinbank: verifying bank 5'));
  after(400, () => {
    say('twinbank: booting bank 5 build=1-1');
    say('twinbank: ready build=1-1 bank=5 boot=9.9s');
  });
};
const orders = {
  on: boot,
  reset: boot,
  off: stop,
  button: () => after(10, () => say('[   60.1] reboot: Power down')),
  end: () => process.exit(3),
};
process.stdin.on('data', (typed) => say('typed ' + typed.toString().trim()));
process.stdin.on('end', () => process.exit(0));
fs.createReadStream(null, { fd: fs.openSync('orders', 'r+') }).on('data', (chunk) => {
  for (const order of chunk.toString().split('\\n').filter(Boolean)) {
    fs.appendFileSync('log', order + '\\n');
    orders[order]();
  }
});
`;

export function fakeRig(): FakeRig {
  const folder = mkdtempSync(join(tmpdir(), 'fake-rig-'));
  execFileSync('mkfifo', [join(folder, 'orders')]);
  writeFileSync(join(folder, 'target.cjs'), target);
  const order = (name: string) => `echo ${name} >orders`;
  const lines: Record<string, string> = {
    power: `{on: ${order('on')}, off: ${order('off')}, reset: ${order('reset')}, button: ${order('button')}}`,
    serial: `exec ${process.execPath} target.cjs`,
    flash: 'cat >flashed && cmp "$IMAGE" flashed',
    timeouts: '{power: 10s, off: 10s, flash: 10s, screen: 10s}',
  };
  return {
    folder,
    describe(changes = {}) {
      const path = join(folder, 'rig.yaml');
      const all = Object.entries({ ...lines, ...changes });
      writeFileSync(path, all.map(([key, value]) => `${key}: ${value}\n`).join(''));
      return path;
    },
    orders: () => writtenLines(join(folder, 'log')),
    processes: () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => isIn(pid, folder)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function isIn(pid: string, folder: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    return environment.split('\0').includes(`PWD=${folder}`);
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return false;
  }
}
