import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { interrupted } from '../../../src/cli/failure.ts';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { oneCommand, runHere, sink } from './host.ts';

const result = { json: { answer: 42 }, text: 'The answer is 42' };

describe('a command that succeeds', () => {
  it('has its text on standard output and nothing else anywhere', async () => {
    const { rows } = oneCommand(async () => result);
    expect(await runHere(['try'], { rows })).toEqual({
      code: 0,
      stdout: 'The answer is 42\n',
      stderr: '',
    });
  });

  it('has one JSON document with --json, wherever the option stands', async () => {
    const { rows } = oneCommand(async () => result);
    for (const argv of [
      ['try', '--json'],
      ['--json', 'try'],
    ]) {
      const { code, stdout } = await runHere(argv, { rows });
      expect(JSON.parse(stdout)).toEqual({ schemaVersion: 1, answer: 42 });
      expect(code).toBe(0);
    }
  });

  it('keeps progress on standard error', async () => {
    const { rows } = oneCommand(async ({ report }) => {
      report({ type: 'step', step: 1, of: 2, title: 'Thinking' });
      return result;
    });
    const { stdout, stderr } = await runHere(['try'], { rows });
    expect(stdout).toBe('The answer is 42\n');
    expect(stderr).toBe('[1/2] Thinking\n');
  });

  it('is only loaded when it is called', async () => {
    const { rows, loaded } = oneCommand(async () => result);
    await runHere(['--help'], { rows });
    await runHere(['other'], { rows });
    expect(loaded()).toBe(0);
    await runHere(['try'], { rows });
    expect(loaded()).toBe(1);
  });

  it('ends quietly, with its own exit code, when nobody reads its output any more', async () => {
    const closed = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }));
      },
    });
    closed.on('error', () => {});
    const { rows } = oneCommand(async () => ({ ...result, differs: true }));
    const { code, stderr } = await runHere(['try'], { rows, host: { stdout: closed } });
    expect(code).toBe(9);
    expect(stderr).toBe('');
  });

  it('fails with code 5 when its output cannot be written', async () => {
    const full = new Writable({
      write(_chunk, _encoding, done) {
        const error = new Error('ENOSPC: no space left on device, write');
        done(Object.assign(error, { code: 'ENOSPC', syscall: 'write' }));
      },
    });
    full.on('error', () => {});
    const { rows } = oneCommand(async () => result);
    const { code, stderr } = await runHere(['try'], { rows, host: { stdout: full } });
    expect(code).toBe(5);
    expect(stderr).toContain('no space is left on its file system');
  });
});

describe('a command that fails', () => {
  const { rows } = oneCommand(async () => {
    throw new TwinbankError('corrupt', 'gpt.header-crc', 'x.img: expected 1, found 2', {
      data: { offset: 512n },
    });
  });

  it('says so in one sentence on standard error', async () => {
    expect(await runHere(['try'], { rows })).toEqual({
      code: 6,
      stdout: '',
      stderr: 'twinbank: x.img: expected 1, found 2\n',
    });
  });

  it('does nothing to the terminal by what it found', async () => {
    const { rows } = oneCommand(async () => {
      const found = '/\u001b[2J\u009b1m\u202e\r/x';
      throw new TwinbankError('corrupt', 'fat.chain-loop', `${found}: expected\n\tless`);
    });
    const { stderr } = await runHere(['try'], { rows });
    expect(stderr).toBe('twinbank: /?[2J?1m??/x: expected\n\tless\n');
  });

  it('has the error as the one JSON document with --json', async () => {
    const { code, stdout } = await runHere(['try', '--json'], { rows });
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      error: {
        code: 'gpt.header-crc',
        message: 'x.img: expected 1, found 2',
        data: { offset: 512 },
      },
    });
    expect(code).toBe(6);
  });

  it('shows its stack only on request', async () => {
    const env = { TWINBANK_DEBUG: '1' };
    expect((await runHere(['try'], { rows })).stderr).not.toContain('run.test.ts');
    expect((await runHere(['try'], { rows, host: { env } })).stderr).toContain('run.test.ts');
  });

  it('may have found a result, which is then shown with the failure', async () => {
    const failure = new TwinbankError('boot', 'boot.panic', 'the kernel panicked');
    const { rows } = oneCommand(async () => ({ ...result, failure }));
    const plain = await runHere(['try'], { rows });
    expect(plain).toMatchObject({ code: 7, stdout: 'The answer is 42\n' });
    expect(plain.stderr).toBe('twinbank: the kernel panicked\n');
    const json = await runHere(['try', '--json'], { rows });
    expect(JSON.parse(json.stdout)).toEqual({
      schemaVersion: 1,
      answer: 42,
      error: { code: 'boot.panic', message: 'the kernel panicked' },
    });
  });

  it('owns up to a defect', async () => {
    const { rows } = oneCommand(async () => {
      throw new TypeError('x is undefined');
    });
    const { code, stderr } = await runHere(['try'], { rows });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^twinbank: x is undefined; this is a defect in twinbank .*\n$/);
  });

  it('is interrupted by the signal, whatever it throws', async () => {
    const abort = new AbortController();
    const { rows } = oneCommand(async ({ signal }) => {
      abort.abort(interrupted('SIGINT'));
      signal.throwIfAborted();
      return result;
    });
    const { code, stderr } = await runHere(['try'], { rows, host: { signal: abort.signal } });
    expect(code).toBe(130);
    expect(stderr).toBe('twinbank: interrupted by SIGINT\n');
  });
});

describe('colours', () => {
  const { rows } = oneCommand(async ({ colors }) => ({ json: {}, text: colors.red('x') }));
  const output = async (isTTY: boolean, env: Record<string, string>, argv = ['try']) => {
    const stdout = sink({ isTTY });
    await runHere(argv, { rows, host: { stdout: stdout.stream, env } });
    return stdout.text();
  };
  const red = '\u001b[31mx\u001b[39m\n';

  it('are for terminals', async () => {
    expect(await output(true, {})).toBe(red);
    expect(await output(false, {})).toBe('x\n');
    expect(await output(true, { TERM: 'dumb' })).toBe('x\n');
  });

  it('follow NO_COLOR before FORCE_COLOR', async () => {
    expect(await output(true, { NO_COLOR: '1' })).toBe('x\n');
    expect(await output(false, { FORCE_COLOR: '1' })).toBe(red);
    expect(await output(true, { FORCE_COLOR: '0' })).toBe('x\n');
    expect(await output(false, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe('x\n');
  });
});
