import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { shellPath, shellWord } from '../../../../src/cli/text/shell-word.ts';
import { runHere } from '../host.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const sh = (line: string): string => execFileSync('bash', ['-c', line], { cwd: folder }).toString();
const run = (...argv: string[]) => runHere(argv, { host: { cwd: folder } });

const names = ['a b', "it's", '$(touch x)', 'a;b', '*', '~', '#1', '-x', 'a\nb', '"', 'plain-1.0'];

it.each(names)('gives a shell the one word %j', (name) => {
  expect(sh(`printf '%s|' ${shellWord(name)}`)).toBe(`${name}|`);
});

it('leaves a plain word as it is', () => {
  expect(shellWord('out/twinbank-0.1.0.img')).toBe('out/twinbank-0.1.0.img');
  expect(shellPath('-x')).toBe('./-x');
});

describe('a next command that is printed', () => {
  it.each(names)('can be copied, by new for %j', async (name) => {
    const { code, stdout } = await run('new', '--name', 'acme', '--', name);
    expect(code).toBe(0);
    const [, command = ''] = /\nnext: (cd .*), npm install, /s.exec(stdout) ?? [];
    expect(sh(`${command} && pwd`)).toBe(`${join(folder, name)}\n`);
  });

  it('can be copied, by oem new', async () => {
    const { stdout } = await run('oem', 'new', 'my oem', '--name', 'acme');
    expect(stdout).toContain(
      "next: twinbank oem test 'my oem', then twinbank oem check 'my oem'\n",
    );
  });

  it('can be copied, by build --locked without a lock', async () => {
    writeFileSync(join(folder, 'a b.yaml'), 'extends: twinbank:default\n');
    const host = { cwd: folder, env: { TWINBANK_CACHE: join(folder, 'cache') } };
    const { stderr } = await runHere(['build', 'a b.yaml', '--locked'], { host });
    expect(stderr).toContain("write it with twinbank recipe lock 'a b.yaml'\n");
  });

  it('can be copied, by diff of a recipe and an image', async () => {
    const { stderr } = await run('diff', 'a b.yaml', 'x.img');
    expect(stderr).toContain("(twinbank build 'a b.yaml')");
  });
});
