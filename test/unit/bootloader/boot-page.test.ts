import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentProblems, refusals, verdictMeanings } from '../../../src/bootloader/rules.ts';
import { bootRules } from '../../matrix/rules-seen.ts';
import { markdownTable, type PageParts, regenerate } from '../../support/generated-page.ts';
import { mermaidDiagram, sampleConsole, transitionTable } from './state-machine.ts';

const root = resolve(import.meta.dirname, '../../..');
const path = resolve(root, 'docs/boot.md');
const page = readFileSync(path, 'utf8');

const parts: PageParts = {
  diagram: mermaidDiagram,
  transitions: transitionTable,
  console: sampleConsole,
  verdicts: () => markdownTable(['verdict', 'meaning'], Object.entries(verdictMeanings)),
  reasons: () =>
    markdownTable(
      ['reason on the console', 'refused because of'],
      [
        ...Object.entries(refusals).map(([word, text]) => [`\`${text}\``, word]),
        ...Object.entries(contentProblems).map(([word, text]) => [`\`contents: ${text}\``, word]),
      ],
    ),
  rules: () =>
    markdownTable(
      ['rule'],
      Object.values(bootRules).map((rule) => [rule]),
    ),
};

describe('docs/boot.md', () => {
  it('shows the state machine as it is (npm run docs:boot writes it anew)', async () => {
    const { text, names } = regenerate(page, parts);
    expect(names).toEqual(Object.keys(parts).sort());
    await expect(text).toMatchFileSnapshot(path);
  });

  it('names tests that are there', () => {
    const named = [...page.matchAll(/^\| .* \| `(test\/[^`]+)` \| (.*) \|$/gm)];
    expect(named.length).toBeGreaterThan(8);
    for (const [, file = '', title = ''] of named) {
      expect(readFileSync(resolve(root, file), 'utf8'), file).toContain(title);
    }
  });
});
