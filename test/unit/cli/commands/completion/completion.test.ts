import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { declaredBy, listCommands } from '../../../../../src/cli/declared.ts';
import { commands } from '../../../../../src/cli/registry.ts';
import { runHere } from '../../host.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, 'my image.img'), '');
writeFileSync(join(folder, 'my.tbu'), '');
for (const shell of ['bash', 'zsh', 'fish']) {
  const { code, stdout } = await runHere(['completion', shell]);
  expect(code).toBe(0);
  writeFileSync(join(folder, `twinbank.${shell}`), stdout);
}

/** What bash would offer for the last of these words. */
function offered(...words: string[]): string[] {
  const script = `source ./twinbank.bash
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _twinbank_complete; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const argv = ['--norc', '-c', script, 'bash', 'twinbank', ...words];
  const { stdout, stderr } = spawnSync('bash', argv, { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe('the completion of bash', () => {
  it('offers commands, and those of a group', () => {
    expect(offered('bo')).toEqual(['boot']);
    expect(offered('recipe', 's')).toEqual(['show', 'schema']);
    expect(offered('--json', 'keys', '')).toEqual(['new', 'show']);
  });

  it('offers options, the values of choices, and files', () => {
    expect(offered('boot', 'x.img', '--fir')).toEqual(['--firmware']);
    expect(offered('boot', 'x.img', '--firmware', '')).toEqual(['bios', 'uefi']);
    expect(offered('boot', '--firmware', '=', 'u')).toEqual(['uefi']);
    expect(offered('update', 'my')).toEqual(['my image.img', 'my.tbu']);
    expect(offered('update', '--key', 'my.t')).toEqual(['my.tbu']);
    expect(offered('completion', 'f')).toEqual(['fish']);
  });

  it('counts positionals by themselves, whatever options stand between them', () => {
    expect(offered('bank', '--json', 'x.img', 'ro')).toEqual(['rollback']);
    expect(offered('bank', 'my')).toEqual(['my image.img', 'my.tbu']);
    expect(offered('flash', 'a', '--size', '8GiB', '--', 'my.')).toEqual(['my.tbu']);
  });

  it('has every command and option of the help, in each script', async () => {
    for (const { name, row } of listCommands(commands)) {
      const options = declaredBy((await row.load()).command).options.map(([one]) => `--${one}`);
      const found = offered(...name.split(' '), '--');
      expect(found).toEqual(expect.arrayContaining([...options, '--json', '--quiet', '--help']));
    }
  });
});
