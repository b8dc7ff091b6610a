import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runHere } from '../../unit/cli/host.ts';
import { judge, judgedBy } from '../components/foreign-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'twinbank-shells-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);
writeFileSync(file('my.tbu'), '');
async function script(shell: string): Promise<string> {
  writeFileSync(file(shell), (await runHere(['completion', shell])).stdout);
  return file(shell);
}

judgedBy(['fish'], () => {
  test.each([
    ['twinbank bo', ['boot']],
    ['twinbank recipe s', ['schema', 'show']],
    ['twinbank boot x.img --firm', ['--firmware']],
    ['twinbank boot x.img --firmware ', ['bios', 'uefi']],
    ['twinbank completion f', ['fish']],
    ['twinbank update my.t', ['my.tbu']],
  ])('offers of `%s` what fits', async (line, expected) => {
    const path = await script('fish');
    const run = `cd ${folder}; source ${path}; complete -C '${line}'`;
    const found = judge('fish', ['--no-config', '-c', run], { HOME: folder });
    const words = found.split('\n').filter(Boolean);
    expect(words.map((one) => one.split('\t')[0])).toEqual(expected);
  });
});

judgedBy(['zsh'], () => {
  test.each([
    [['bo'], ['boot']],
    [
      ['boot', 'x.img', '--firmware', ''],
      ['bios', 'uefi'],
    ],
    [['bank', 'x.img', 'ro'], ['rollback']],
    [['update', 'my.'], ['my.tbu']],
  ])('offers of twinbank %j what fits', async (words, expected) => {
    const path = await script('zsh');
    // As bashcompinit calls it.
    const run = `cd ${folder}; source ${path}; setopt ksharrays shwordsplit
      COMP_WORDS=(twinbank "$@"); COMP_CWORD=$#
      _twinbank_complete; print -l -- "\${COMPREPLY[@]}"`;
    const found = judge('zsh', ['-f', '-c', run, 'zsh', ...words], { HOME: folder });
    expect(found.split('\n').filter(Boolean)).toEqual(expected);
  });
});
