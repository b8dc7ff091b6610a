import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCommands } from '../../../src/cli/declared.ts';
import { exitCodes } from '../../../src/cli/exit-code.ts';
import { globalOptions } from '../../../src/cli/parse.ts';
import { commands } from '../../../src/cli/registry.ts';
import { markdownTable, regenerate } from '../../support/generated-page.ts';
import { commandSection, commandTable, optionTable } from './command-reference.ts';

const path = resolve(import.meta.dirname, '../../../docs/cli.md');
const listed = listCommands(commands);

describe('docs/cli.md', () => {
  it('has every command, option and exit code as they are (npm run docs:cli writes it anew)', async () => {
    const sections = await Promise.all(listed.map(commandSection));
    const parts = {
      commands: () => commandTable(listed),
      global: () => optionTable(Object.entries(globalOptions)),
      exitcodes: () =>
        markdownTable(
          ['exit code', 'meaning'],
          Object.values(exitCodes).map(({ code, meaning }) => [`${code}`, meaning]),
        ),
      sections: () => sections.join('\n\n'),
    };
    const { text, names } = regenerate(readFileSync(path, 'utf8'), parts);
    expect(names).toEqual(Object.keys(parts).sort());
    await expect(text).toMatchFileSnapshot(path);
  });

  it('lists each command once, those of a group by their whole names', () => {
    const names = listed.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['build', 'recipe show', 'oem test', 'doctor']));
  });
});
