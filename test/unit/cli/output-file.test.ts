import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openOutput } from '../../../src/cli/output-file.ts';
import { holdForeignLock } from '../../support/foreign-lock.ts';
import { ownDevice } from '../../support/own-device.ts';
import { sink } from './host.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-output-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(at(name), 'utf8');

function output(out: string, more: object = {}, options: object = {}) {
  const stdout = sink();
  const context = {
    cwd: folder,
    stdout: stdout.stream,
    json: false,
    signal: new AbortController().signal,
    ...more,
  };
  const file = openOutput(context, out, { option: '--out', ...options });
  const write = (content: string) => file.write((put) => put(content));
  return { file, write, stdout: stdout.text };
}

describe('an output', () => {
  it('replaces a plain file when it is whole, and leaves nothing beside it', async () => {
    writeFileSync(at('x'), 'old');
    const failed = output('x').file.write(async (put) => {
      await put('half');
      throw new Error('stop');
    });
    await expect(failed).rejects.toThrow('stop');
    expect(text('x')).toBe('old');
    await output('x').write('new');
    expect(text('x')).toBe('new');
    expect(readdirSync(folder)).toEqual(['x']);
  });

  it.each([{}, { live: true }, { graceMs: 100 }])(
    'takes no name of a disk that a machine has open: %o',
    async (options) => {
      writeFileSync(at('disk.img'), 'disk');
      symlinkSync('disk.img', at('link'));
      onTestFinished(await holdForeignLock(at('disk.img')));
      const refused = output('link', {}, options).write('new');
      await expect(refused).rejects.toMatchObject({ kind: 'refused', code: 'disk.in-use' });
      await expect(refused).rejects.toThrow('link: expected a disk file that nobody uses');
      expect([text('disk.img'), readdirSync(folder).sort()]).toEqual([
        'disk',
        ['disk.img', 'link'],
      ]);
    },
  );

  it('goes to what a link leads to, there or not yet, and the link stays', async () => {
    mkdirSync(at('far'));
    writeFileSync(at('far/there'), 'old');
    for (const name of ['there', 'new']) {
      symlinkSync(`far/${name}`, at(name));
      await output(name).write(name);
      expect(lstatSync(at(name)).isSymbolicLink()).toBe(true);
      expect(text(`far/${name}`)).toBe(name);
    }
    expect(readdirSync(folder).sort()).toEqual(['far', 'new', 'there']);
  });

  it('is written into a pipe, which stays one, once it has a reader', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const large = 'x'.repeat(200_000);
    const done = output('pipe').write(large);
    const reader = spawn('cat', [at('pipe')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    reader.stdout.on('data', (chunk) => chunks.push(chunk));
    await Promise.all([done, once(reader, 'close')]);
    expect(Buffer.concat(chunks).toString()).toBe(large);
    expect(statSync(at('pipe')).isFIFO()).toBe(true);
  });

  it('waits for the reader of a pipe until a signal', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const abort = new AbortController();
    const done = output('pipe', { signal: abort.signal }).write('x');
    abort.abort(new Error('stop'));
    await expect(done).rejects.toThrow('stop');
  });

  it('waits no longer than its time of grace for the reader of a pipe after a signal', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const signal = AbortSignal.abort(new Error('stop'));
    const done = output('pipe', { signal }, { graceMs: 100 }).write('x');
    await expect(done).rejects.toThrow('stop');
    await output('plain', { signal }, { graceMs: 100 }).write('x');
    expect(text('plain')).toBe('x');
  });

  it('is not kept from its folder by what others have left there', async () => {
    mkdirSync(at('.twinbank-99999999-00000000.partial'));
    await output('x').write('new');
    expect(text('x')).toBe('new');
  });

  it('is written into a device, which stays one, and says what that says', async () => {
    const device = ownDevice('null', folder);
    await output(device).write('x');
    expect(statSync(device).isCharacterDevice()).toBe(true);
    const fullDevice = ownDevice('full', folder);
    const full = output(fullDevice).write('x');
    await expect(full).rejects.toMatchObject({ kind: 'io', code: 'file.no-space' });
    await expect(full).rejects.toThrow(
      `${fullDevice}: could not write it: no space is left on its file system`,
    );
  });

  it('is written into a descriptor, whatever that is', async () => {
    const fd = openSync(at('given'), 'w');
    try {
      await output(`/dev/fd/${fd}`).write('one ');
      symlinkSync(`/proc/self/fd/${fd}`, at('link'));
      await output('link').write('two');
    } finally {
      closeSync(fd);
    }
    expect(text('given')).toBe('one two');
  });

  it.each(['-', '/dev/stdout', '/dev/fd/1'])('is standard output by %s', async (out) => {
    const { file, write, stdout } = output(out);
    await write('x');
    expect([file.isStdout, stdout(), existsSync(at('-'))]).toEqual([true, 'x', false]);
    expect(() => output(out, { json: true })).toThrow('--json: expected a file for --out, found');
    const terminal = sink({ isTTY: true }).stream;
    expect(() => output(out, { stdout: terminal }, { binary: true })).toThrow(
      expect.objectContaining({ kind: 'refused', code: 'output.terminal' }),
    );
  });

  it('is refused where it cannot be, before anything is done', () => {
    writeFileSync(at('plain'), '');
    symlinkSync('none/x', at('link'));
    expect(() => output('.')).toThrow('.: expected a file to write to, found a directory');
    for (const [out, missing, found] of [
      ['no/such', 'no', 'none'],
      ['plain/x', 'plain', 'something else'],
      ['link', at('none'), 'none'],
    ] as const) {
      const message = `${out}: expected the folder ${missing} to write to, found ${found}`;
      expect(() => output(out)).toThrow(message);
    }
    expect(() => output('/dev/twinbank-none')).toThrow('expected a device that is there');
    expect(() => output('')).toThrow('--out: expected a file or -, found an empty text');
  });

  it('tells whether it would replace a file, links or not', () => {
    writeFileSync(at('x'), '');
    symlinkSync('x', at('link'));
    expect(output('link').file.isSameFile('x')).toBe(true);
    expect(output('link').file.isSameFile('y')).toBe(false);
  });
});
