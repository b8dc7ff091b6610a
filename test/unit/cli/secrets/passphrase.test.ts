import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { interrupted } from '../../../../src/cli/failure.ts';
import type { Host } from '../../../../src/cli/run.ts';
import { readSigningKey } from '../../../../src/update/signing/key-file.ts';
import { keyboard, runHere } from '../host.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-passphrase-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (...names: string[]) => join(folder, ...names);
const text = (...names: string[]) => readFileSync(at(...names), 'utf8');
const keys = (argv: string[], host: Partial<Host> = {}) =>
  runHere(['keys', ...argv], { host: { cwd: folder, env: {}, ...host } });
const withPassphrase = (TWINBANK_PASSPHRASE: string) => ({ env: { TWINBANK_PASSPHRASE } });

/** A descriptor of a file with this content. */
function descriptor(content: string | Uint8Array): number {
  writeFileSync(at('handed-in'), content);
  return openSync(at('handed-in'), 'r');
}

describe('the passphrase', () => {
  it.each([
    ['to its end', 'secret'],
    ['to its first line feed', 'secret\nsomething else\n'],
  ])('is read from a descriptor %s', async (_what, content) => {
    const fd = descriptor(content);
    const host = withPassphrase('not this one');
    expect((await keys(['new', '.', '--passphrase-fd', `${fd}`], host)).code).toBe(0);
    expect(readSigningKey(text('twinbank.key'), 'x', 'secret').public.id).toBeTruthy();
  });

  it('is read from standard input, in pieces', async () => {
    const stdin = Readable.from([Buffer.from('sec'), Buffer.from('ret\nmore')]);
    expect((await keys(['new', '.', '--passphrase-fd', '0'], { stdin })).code).toBe(0);
    expect(readSigningKey(text('twinbank.key'), 'x', 'secret').public.id).toBeTruthy();
  });

  it.each([
    ['an empty line', '\nsecret\n', 2, 'expected a passphrase, found an empty line'],
    ['nothing at all', '', 2, 'expected a passphrase, found an empty line'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe]), 2, 'expected a passphrase in UTF-8'],
    ['too many bytes', 'x'.repeat(1025), 6, 'expected at most 1024 bytes, found more'],
  ])('is not taken from a descriptor with %s', async (_what, content, expected, message) => {
    const fd = descriptor(content);
    const { code, stderr } = await keys(['new', '.', '--passphrase-fd', `${fd}`]);
    expect(code).toBe(expected);
    expect(stderr).toContain(`--passphrase-fd: ${message}`);
    expect(readdirSync(folder)).toEqual(['handed-in']);
  });

  it('may have 1024 bytes and no more, as OpenSSL reads no more', async () => {
    const longest = 'ä'.repeat(512);
    expect((await keys(['new', '.'], withPassphrase(longest))).code).toBe(0);
    expect((await keys(['show', 'twinbank.key'], withPassphrase(longest))).code).toBe(0);
    const { code, stderr } = await keys(['new', 'x'], withPassphrase(`${longest}x`));
    expect(code).toBe(2);
    expect(stderr).toContain('TWINBANK_PASSPHRASE: expected at most 1024 bytes, found 1025');
  });

  it('is asked for twice on a terminal, and not shown', async () => {
    const person = keyboard('secret\r', 'secret\r');
    const { code } = await keys(['new', '.'], person.host);
    expect(code).toBe(0);
    expect(person.text()).toBe('Passphrase for twinbank.key: \nThe same once more: \n');
    expect(person.modes).toEqual([true, false, true, false]);
    expect(readSigningKey(text('twinbank.key'), 'x', 'secret').public.id).toBeTruthy();
  });

  it('is made of what the keys mean', async () => {
    const typed = 'wrong\u0015Sä\u001b[D\u001b[3~\u001bOA\u001bx€\u007fcx\b\u0001ret\r';
    expect((await keys(['new', '.'], keyboard(typed, 'Säcret\n').host)).code).toBe(0);
    expect(readSigningKey(text('twinbank.key'), 'x', 'Säcret').public.id).toBeTruthy();
  });

  it('may be typed ahead', async () => {
    expect((await keys(['new', '.'], keyboard('secret\rsecret\r').host)).code).toBe(0);
    expect(readSigningKey(text('twinbank.key'), 'x', 'secret').public.id).toBeTruthy();
  });

  it.each([
    [
      'two that differ',
      ['secret\r', 'sceret\r'],
      2,
      'expected the same twice, found two that differ',
    ],
    ['an empty line', ['\r'], 2, 'expected one, found an empty line; with TWINBANK_PASSPHRASE set'],
    ['Ctrl-C', ['sec\u0003'], 130, 'interrupted by SIGINT'],
    ['Ctrl-D', ['\u0004'], 2, 'terminal: expected a line, found its end'],
  ])('%s on the terminal make no key', async (_what, typed, expected, message) => {
    const person = keyboard(...typed);
    expect((await keys(['new', '.'], person.host)).code).toBe(expected);
    expect(person.text()).toContain(message);
    expect(person.text()).not.toContain('sec\n');
    expect(person.modes.at(-1)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is no longer waited for after SIGTERM, and the terminal shows again what is typed', async () => {
    const abort = new AbortController();
    const person = keyboard();
    const running = keys(['new', '.'], { ...person.host, signal: abort.signal });
    await expect.poll(person.text).toContain('Passphrase for');
    abort.abort(interrupted('SIGTERM'));
    expect((await running).code).toBe(143);
    expect(person.modes).toEqual([true, false]);
  });

  it('is not asked for without a terminal, and the three ways are named', async () => {
    for (const host of [{}, { stderr: keyboard().host.stderr }, { stdin: keyboard().host.stdin }]) {
      const { code, stdout } = await keys(['new', '.', '--json'], host);
      expect(code).toBe(2);
      expect(JSON.parse(stdout).error).toMatchObject({
        code: 'cli.usage',
        message:
          'passphrase: expected --passphrase-fd N, TWINBANK_PASSPHRASE or a terminal to ask on, found none of them',
      });
    }
  });
});
