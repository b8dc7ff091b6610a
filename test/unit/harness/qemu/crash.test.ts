import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { smallImage } from '../../bootloader/small-image.ts';
import { fakeRig } from '../command/fake-rig.ts';
import { fakeMachine } from '../machine/fake-machine.ts';
import { fakeQemu } from './fake-qemu.ts';

let folder: string;
let program: string;
let fake: ReturnType<typeof fakeQemu>;

/** A harness that switches a machine on, says so, and then does what it is told. */
const source = `
import { createMachine } from './src/harness/create-machine.ts';
async function run() {
  const [kind, options, image] = JSON.parse(process.argv[2]);
  const machine = await createMachine(kind, options);
  if (image) await machine.flash(image);
  await machine.powerOn();
  await machine.console.waitFor(/ready/, { timeoutMs: 10_000 });
  process.stdin.once('data', () => { throw new Error('a step crashed'); });
  console.log('on');
}
run();
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crash-'));
  program = join(folder, 'harness.cjs');
  writeFileSync(join(folder, 'small.img'), smallImage().bytes);
  await build({
    stdin: { contents: source, resolveDir: process.cwd(), loader: 'ts' },
    ...{ bundle: true, platform: 'node', format: 'cjs', outfile: program, logLevel: 'silent' },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  fake = fakeQemu(fakeMachine);
});
afterEach(() => fake.restore());

async function start(...what: unknown[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, JSON.stringify(what)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit').then(() => ['it ended']);
  const [said] = await Promise.race([once(child.stdout!, 'data'), ended]);
  expect(String(said)).toBe('on\n');
  return child;
}

const virtual = () => start('qemu', { accelerator: 'tcg' }, join(folder, 'small.img'));

it('leaves neither QEMU nor a file when the harness crashes', async () => {
  const child = await virtual();
  expect(fake.runs()).toBe(true);
  child.stdin?.write('now\n');
  expect((await once(child, 'exit'))[0]).not.toBe(0);
  await expect.poll(fake.runs, { timeout: 5000 }).toBe(false);
  expect(fake.left()).toEqual([]);
});

it('leaves no QEMU when the harness is killed', async () => {
  const child = await virtual();
  child.kill('SIGKILL');
  await once(child, 'exit');
  await expect.poll(fake.runs, { timeout: 5000 }).toBe(false);
});

it('leaves no command of a rig when the harness crashes', async () => {
  const rig = fakeRig();
  try {
    const child = await start('command', { rig: rig.describe() });
    expect(rig.processes().length).toBeGreaterThan(0);
    child.stdin?.write('now\n');
    await once(child, 'exit');
    await expect.poll(rig.processes, { timeout: 5000 }).toEqual([]);
  } finally {
    rig.remove();
  }
});
