import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readSigningKey } from '../../../src/update/signing/key-file.ts';
import { judgedBy } from '../components/foreign-tool.ts';

// The program as it is shipped, in a copy of its own: dist/ may be in use.
const root = resolve(import.meta.dirname, '../../..');
const outdir = join('out', `test-terminal-${process.pid}`);
const program = join(root, outdir, 'twinbank.js');
let folder = '';

beforeAll(() => {
  execFileSync('node', ['scripts/build.mjs', outdir], { cwd: root });
  folder = mkdtempSync(join(tmpdir(), 'twinbank-terminal-'));
});
afterAll(() => {
  rmSync(join(root, outdir), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
});

const files = () => readdirSync(folder).sort();
const { TWINBANK_PASSPHRASE: _, FORCE_COLOR: __, ...rest } = process.env;
const env = { ...rest, NO_COLOR: '1' };

type Answer = readonly [question: string, answer: string | (() => void)];

/** Runs a line of shell with a terminal of its own; each answer is given when its question is there. */
async function onTerminal(line: string, answers: readonly Answer[]) {
  const child = spawn('script', ['-qec', line, '/dev/null'], { cwd: folder, env });
  const waiting = [...answers];
  let shown = '';
  child.stdout.on('data', (chunk) => {
    shown += chunk;
    if (!waiting[0] || !shown.endsWith(waiting[0][0])) return;
    const [, answer] = waiting.shift()!;
    if (typeof answer === 'string') child.stdin.write(answer);
    else answer();
  });
  await new Promise((ended) => child.on('close', ended));
  expect(waiting).toEqual([]);
  return shown.replaceAll('\r\n', '\n');
}

const twinbank = `'${process.execPath}' '${program}'`;
/** What the terminal does afterwards, one word each. */
const state = 'echo "ended $?"; stty -a | tr " ;" "\\n\\n" | grep -xE -- "-?(echo|icanon|isig)"';
const asBefore = 'isig\nicanon\necho\n';

judgedBy(['script', 'stty'], () => {
  test('a passphrase is asked for twice and never shown', async () => {
    const shown = await onTerminal(`${twinbank} keys new .; ${state}`, [
      ['Passphrase for twinbank.key: ', 'zyzx\u007fwyw\r'],
      ['The same once more: ', 'zyzwyw\r'],
    ]);
    expect(shown).toMatch(/^Passphrase for twinbank\.key: \nThe same once more: \ntwinbank\.key: /);
    expect(shown).not.toMatch(/zyz|wyw/);
    expect(shown).toContain(`ended 0\n${asBefore}`);
    const pem = readFileSync(join(folder, 'twinbank.key'));
    expect(readSigningKey(pem, 'twinbank.key', 'zyzwyw').public.id).toMatch(/^[0-9a-f]{16}$/);
  });

  test('Ctrl-C ends the question with 130, leaves no file and the terminal as it was', async () => {
    const shown = await onTerminal(`${twinbank} keys new .; ${state}`, [
      ['Passphrase for twinbank.key: ', 'zyzwyw\u0003'],
    ]);
    expect(shown).toContain('twinbank: interrupted by SIGINT\n');
    expect(shown).toContain(`ended 130\n${asBefore}`);
    expect(shown).not.toContain('zyzwyw');
    expect(files()).toEqual([]);
  });

  test('SIGTERM ends the question with 143 and leaves the terminal as it was', async () => {
    // The inner shell becomes the program, so that its number is known.
    const line = `sh -c 'echo $$ > pid; exec ${twinbank.replaceAll("'", '"')} keys new k'; ${state}`;
    const end = () => process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 'SIGTERM');
    const shown = await onTerminal(line, [['Passphrase for k/twinbank.key: ', end]]);
    expect(shown).toContain('twinbank: interrupted by SIGTERM\n');
    expect(shown).toContain(`ended 143\n${asBefore}`);
  });

  test('with the errors in a file nobody is asked, who could not see the question', async () => {
    const shown = await onTerminal(`${twinbank} keys new . 2> errors; echo "ended $?"`, []);
    expect(shown).toBe('ended 2\n');
    expect(readFileSync(join(folder, 'errors'), 'utf8')).toContain('or a terminal to ask on');
  });
});

judgedBy(['bash'], () => {
  const bash = (line: string) => {
    const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { status, stdout, stderr };
  };

  test('key and passphrase come through pipes', () => {
    expect(bash(`${twinbank} keys new . --passphrase-fd 3 3< <(echo secret)`).status).toBe(0);
    const shown = bash(`${twinbank} keys show twinbank.key --passphrase-fd 0 <<< secret`);
    expect(shown).toMatchObject({ status: 0, stderr: '' });
    for (const line of [
      'keys show <(cat twinbank.key) --passphrase-fd 5 5< <(echo secret)',
      'keys show fd:7 --passphrase-fd 5 5< <(echo secret) 7< <(sleep 0.2; cat twinbank.key)',
    ]) {
      expect(bash(`${twinbank} ${line}`)).toEqual(shown);
    }
    expect(
      bash(`cat twinbank.key | ${twinbank} keys show fd:0 --passphrase-fd 5 5<<< secret`),
    ).toEqual(shown);
  });

  test('a descriptor that was not handed in is refused at once, whatever Node has there', () => {
    for (let fd = 3; fd < 16; fd += 1) {
      const { status, stderr } = bash(`${twinbank} keys new . --passphrase-fd ${fd}`);
      expect({ fd, status }).toEqual({ fd, status: 2 });
      expect(stderr).toMatch(/^twinbank: --passphrase-fd: expected .*, found .*\n$/);
    }
    expect(files()).toEqual([]);
  });

  test('a passphrase in the environment is for no host program', () => {
    for (const name of ['xz', 'flock']) {
      bash(
        `mkdir -p bin; printf '#!/bin/sh\\nenv >> seen\\nexit 1\\n' > bin/${name}; chmod +x bin/${name}`,
      );
    }
    const called = `TWINBANK_PASSPHRASE=zyzwyw PATH="$PWD/bin:$PATH" ${twinbank}`;
    bash(`touch x.img; ${called} doctor; ${called} bank x.img rollback`);
    const seen = readFileSync(join(folder, 'seen'), 'utf8');
    // doctor runs both of them, bank the second.
    expect(seen.match(/^PATH=/gm)).toHaveLength(3);
    expect(seen).not.toContain('zyzwyw');
  });

  test('a pipe that nobody writes to does not outlive Ctrl-C', () => {
    const line = `exec 9<> <(:); timeout --preserve-status -s INT 2 ${twinbank} keys new . --passphrase-fd 9`;
    const started = Date.now();
    const { status, stderr } = bash(line);
    expect(stderr).toBe('twinbank: interrupted by SIGINT\n');
    expect(status).toBe(130);
    expect(Date.now() - started).toBeLessThan(30_000);
  });
});
