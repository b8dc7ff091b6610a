import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
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
import type { Host } from '../../../../../src/cli/run.ts';
import { developmentKey, privateKeyOfSeed } from '../../../../../src/update/signing/key.ts';
import { readPublicKey, readSigningKey } from '../../../../../src/update/signing/key-file.ts';
import { keyboard, runHere } from '../../host.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-keys-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (...names: string[]) => join(folder, ...names);
const text = (...names: string[]) => readFileSync(at(...names), 'utf8');
const keys = (argv: string[], host: Partial<Host> = {}) =>
  runHere(['keys', ...argv], { host: { cwd: folder, env: {}, ...host } });
const withPassphrase = (TWINBANK_PASSPHRASE: string) => ({ env: { TWINBANK_PASSPHRASE } });

describe('keys new', () => {
  it('writes both halves, the private one encrypted and for nobody else to read', async () => {
    const { code, stdout, stderr } = await keys(['new', 'k'], withPassphrase('secret'));
    const id = readPublicKey(text('k', 'twinbank.pub'), 'x').id;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `k/twinbank.key: private key, encrypted with your passphrase; keep it secret\nk/twinbank.pub: public key ${id}\n`,
    );
    expect(readSigningKey(text('k', 'twinbank.key'), 'x', 'secret').public.id).toBe(id);
    expect(statSync(at('k', 'twinbank.key')).mode & 0o777).toBe(0o600);
    expect(statSync(at('k')).mode & 0o077).toBe(0);
  });

  it('gives programs the id and the files', async () => {
    const argv = ['new', '.', '--name', 'Re1_e-a.se', '--json'];
    const { stdout } = await keys(argv, withPassphrase('secret'));
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      keyId: readPublicKey(text('Re1_e-a.se.pub'), 'x').id,
      privateKey: 'Re1_e-a.se.key',
      publicKey: 'Re1_e-a.se.pub',
      encrypted: true,
    });
  });

  it('warns of a private key that a commit would publish, and not of one that git ignores', async () => {
    execFileSync('git', ['init', '--quiet', folder]);
    const { code, stderr } = await keys(['new', 'k'], withPassphrase('secret'));
    expect(code).toBe(0);
    expect(stderr).toBe(
      `warning: k/twinbank.key: a commit would publish the private key: it lies in the git work tree ${folder}, which does not ignore it; add *.key to .gitignore\n`,
    );
    const beside = `${folder}-link`;
    symlinkSync(folder, beside);
    onTestFinished(() => rmSync(beside));
    const linked = await keys(['new', join(beside, 'k'), '--name', 'z'], withPassphrase('secret'));
    expect(linked.stderr).toContain(`it lies in the git work tree ${folder}, which does not`);
    writeFileSync(at('.gitignore'), '*.key\n');
    const ignored = await keys(['new', 'k', '--name', 'b'], withPassphrase('secret'));
    expect(ignored).toMatchObject({ code: 0, stderr: '' });
    // What git does not understand is no reason to be silent.
    writeFileSync(at('.git', 'config'), '[broken');
    const unknown = await keys(['new', 'k', '--name', 'c'], withPassphrase('secret'));
    expect(unknown.stderr).toContain('and git could not be asked whether that ignores it');
  });

  it('makes another key each time', async () => {
    await keys(['new', '.', '--name', 'a'], withPassphrase('secret'));
    await keys(['new', '.', '--name', 'b'], withPassphrase('secret'));
    expect(text('a.pub')).not.toBe(text('b.pub'));
  });

  it('does not encrypt when TWINBANK_PASSPHRASE is empty, and says so even with --quiet', async () => {
    const { code, stdout, stderr } = await keys(['new', '.', '-q', '--json'], withPassphrase(''));
    expect({ code, encrypted: JSON.parse(stdout).encrypted }).toEqual({
      code: 0,
      encrypted: false,
    });
    expect(stderr).toBe(
      'warning: twinbank.key: not encrypted, as TWINBANK_PASSPHRASE is empty: whoever can read it can sign\n',
    );
    expect(readSigningKey(text('twinbank.key'), 'x').public.id).toMatch(/^[0-9a-f]{16}$/);
    expect(statSync(at('twinbank.key')).mode & 0o777).toBe(0o600);
  });

  it.each(['twinbank.key', 'twinbank.pub'])(
    'never overwrites %s, and leaves no other',
    async (name) => {
      writeFileSync(at(name), 'precious');
      const { code, stderr } = await keys(['new', '.'], withPassphrase('secret'));
      expect(code).toBe(8);
      expect(stderr).toContain(`${at(name)}: expected no file of this name, found one`);
      expect(readdirSync(folder)).toEqual([name]);
      expect(text(name)).toBe('precious');
    },
  );

  it('does not write through a link, even one that leads nowhere', async () => {
    symlinkSync(at('elsewhere'), at('twinbank.key'));
    expect((await keys(['new', '.'], withPassphrase('secret'))).code).toBe(8);
    expect(readdirSync(folder)).toEqual(['twinbank.key']);
  });

  it('does not ask for a passphrase when the files are there', async () => {
    writeFileSync(at('twinbank.pub'), 'precious');
    const person = keyboard('secret\r', 'secret\r');
    expect((await keys(['new', '.'], person.host)).code).toBe(8);
    expect(person.unanswered()).toHaveLength(2);
  });

  it.each([
    [['new', ''], 2, /dir: expected a value, found an empty text/],
    [['new', '.', '--name', '../x'], 2, /--name: expected 1 to 64 letters.*found "\.\.\/x"/],
    [['new', '.', '--name', 'x'.repeat(65)], 2, /--name: expected 1 to 64 letters/],
    [['new', '.', '--passphrase-fd', 'x'], 2, /--passphrase-fd: expected the number of .*"x"/],
    [['new', '.', '--passphrase-fd', '-1'], 2, /--passphrase-fd: /],
    [
      ['new', 'file/x'],
      5,
      /^twinbank: file\/x: expected a folder, or a name to make one of, found \S+\/file, which is a file\n$/,
    ],
  ])('%j ends with %i', async (argv, expected, message) => {
    writeFileSync(at('file'), '');
    const { code, stderr } = await keys(argv, withPassphrase('secret'));
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('keys show', () => {
  beforeEach(async () => {
    await keys(['new', '.'], withPassphrase('secret'));
  });

  it('has the id and the raw key, of either half', async () => {
    const { id, raw } = readPublicKey(text('twinbank.pub'), 'x');
    const expected = { code: 0, stdout: `Key id:     ${id}\nPublic key: ${raw}\n`, stderr: '' };
    expect(await keys(['show', 'twinbank.pub'])).toEqual(expected);
    expect(await keys(['show', 'twinbank.key'], withPassphrase('secret'))).toEqual(expected);
    const { stdout } = await keys(['show', 'twinbank.key', '--json'], withPassphrase('secret'));
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      file: 'twinbank.key',
      kind: 'private',
      encrypted: true,
      keyId: id,
      raw,
      development: false,
    });
  });

  it('asks for the passphrase once, and not for that of a public key', async () => {
    const person = keyboard('secret\r');
    expect((await keys(['show', 'twinbank.key'], person.host)).code).toBe(0);
    expect(person.text()).toBe('Passphrase of twinbank.key: \n');
    const nobody = keyboard('secret\r');
    expect((await keys(['show', 'twinbank.pub'], nobody.host)).code).toBe(0);
    expect(nobody.unanswered()).toHaveLength(1);
  });

  it('ends with 6 and one code for a wrong passphrase, which is not printed', async () => {
    const argv = ['show', 'twinbank.key', '--json'];
    const { code, stdout, stderr } = await keys(argv, withPassphrase('of another'));
    expect(code).toBe(6);
    expect(JSON.parse(stdout).error.code).toBe('key.passphrase');
    expect(stdout + stderr).not.toContain('of another');
    expect((await keys(argv, withPassphrase(''))).code).toBe(6);
  });

  it('never prints the private half', async () => {
    await keys(['new', '.', '--name', 'plain'], withPassphrase(''));
    const secret = text('plain.key').split('\n')[1]!;
    const { code, stdout, stderr } = await keys(['show', 'plain.key', '--json']);
    expect(code).toBe(0);
    expect(stdout + stderr).not.toContain(secret);
    expect(stdout + stderr).not.toContain(
      Buffer.from(secret, 'base64').subarray(16).toString('hex'),
    );
  });

  it('says that everybody has the development key', async () => {
    const sentence = 'twinbank development key: everybody has it';
    const key = privateKeyOfSeed(createHash('sha256').update(sentence).digest());
    writeFileSync(at('dev.key'), key.export({ format: 'pem', type: 'pkcs8' }));
    const { stdout } = await keys(['show', 'dev.key']);
    expect(stdout).toContain(`${developmentKey.public.id}  (the development key, which everybody`);
  });

  it.each([
    [['show', 'none.pub'], 5, /none\.pub: no such file/],
    [['show', 'folder'], 2, /folder: expected a file or pipe, found a directory/],
    [['show', ''], 2, /file: expected a file or -, found an empty text/],
    [['show', 'fd:x'], 2, /fd:x: expected the number of a descriptor, found "x"/],
    [['show', 'fd:99999'], 2, /fd:99999: expected a descriptor that is open/],
    [['show', 'large'], 6, /large: expected at most 65536 bytes, found more/],
    [['show', 'text'], 6, /text: expected one key in PEM form, found none/],
  ])('%j ends with %i', async (argv, expected, message) => {
    mkdirSync(at('folder'));
    writeFileSync(at('large'), new Uint8Array(65_537));
    writeFileSync(at('text'), 'no key');
    const { code, stderr } = await keys(argv);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
  });
});
