import { describe, expect, it } from 'vitest';
import { exitCode } from '../../../src/cli/exit-code.ts';
import { interrupted, toFailure } from '../../../src/cli/failure.ts';
import { type ErrorKind, TwinbankError } from '../../../src/diagnostics/error.ts';

describe('exitCode', () => {
  it('is 0 when nothing failed', () => {
    expect(exitCode({})).toBe(0);
  });

  it('is 9 when diff found differences', () => {
    expect(exitCode({ differs: true })).toBe(9);
  });

  it.each<[ErrorKind, number]>([
    ['internal', 1],
    ['usage', 2],
    ['recipe', 3],
    ['tool-missing', 4],
    ['io', 5],
    ['corrupt', 6],
    ['boot', 7],
    ['refused', 8],
    ['interrupted', 130],
  ])('gives %s the code %d of the contract', (kind, code) => {
    expect(exitCode({ failure: new TwinbankError(kind, 'x.y', 'A sentence') })).toBe(code);
  });

  it('tells Ctrl-C from a request to terminate', () => {
    expect(exitCode({ failure: interrupted('SIGINT') })).toBe(130);
    expect(exitCode({ failure: interrupted('SIGTERM') })).toBe(143);
    expect(exitCode({ failure: interrupted('SIGHUP') })).toBe(129);
  });
});

describe('toFailure', () => {
  const running = new AbortController().signal;

  it('keeps an error that was foreseen', () => {
    const error = new TwinbankError('corrupt', 'gpt.header-crc', 'A sentence');
    expect(toFailure(error, running, {})).toBe(error);
  });

  it('names the file first in an error of the operating system, and counts it as input/output', () => {
    const error = Object.assign(new Error("ENOSPC: no space left on device, write 'x.img'"), {
      code: 'ENOSPC',
      errno: -28,
      syscall: 'write',
      path: 'x.img',
    });
    const failure = toFailure(error, running, {});
    expect(failure.kind).toBe('io');
    expect(failure.code).toBe('file.no-space');
    expect(failure.message).toBe(
      'x.img: could not write it: no space is left on its file system; free some, or write to another file system',
    );
  });

  it('says of what may not be looked at that it could not be read, and advises no place to write to', () => {
    const error = Object.assign(new Error("EACCES: permission denied, scandir '/root/x'"), {
      code: 'EACCES',
      syscall: 'scandir',
      path: '/root/x',
    });
    const failure = toFailure(error, running, {});
    expect(failure.message).toBe('/root/x: could not read it: the permission is missing');
  });

  it.each([new TypeError('x is undefined'), 'a string', undefined])(
    'calls anything else a defect: %s',
    (thrown) => {
      const failure = toFailure(thrown, running, {});
      expect(failure.kind).toBe('internal');
      expect(failure.message).toContain('this is a defect in twinbank');
    },
  );

  it('blames the signal for whatever fails after an abort', () => {
    const abort = new AbortController();
    abort.abort(interrupted('SIGTERM'));
    const failure = toFailure(new Error('stream closed'), abort.signal, {});
    expect(failure.code).toBe('cli.interrupted');
    expect(exitCode({ failure })).toBe(143);
  });
});
