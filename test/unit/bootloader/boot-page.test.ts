import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentProblems, refusals, verdictMeanings } from '../../../src/bootloader/rules.ts';
import { bootRules } from '../../matrix/rules-seen.ts';
import { mermaidDiagram, sampleConsole, transitionTable } from './state-machine.ts';

const root = resolve(import.meta.dirname, '../../..');
const path = resolve(root, 'docs/boot.md');
const page = readFileSync(path, 'utf8');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** What stands between `<!-- NAME -->` and `<!-- end -->`. */
const generated: Readonly<Record<string, () => string>> = {
  diagram: mermaidDiagram,
  transitions: transitionTable,
  console: sampleConsole,
  verdicts: () => table(['verdict', 'meaning'], Object.entries(verdictMeanings)),
  reasons: () =>
    table(
      ['reason on the console', 'refused because of'],
      [
        ...Object.entries(refusals).map(([word, text]) => [`\`${text}\``, word]),
        ...Object.entries(contentProblems).map(([word, text]) => [`\`contents: ${text}\``, word]),
      ],
    ),
  rules: () =>
    table(
      ['rule'],
      Object.values(bootRules).map((rule) => [rule]),
    ),
};

describe('docs/boot.md', () => {
  it('shows the state machine as it is (npm run docs:boot writes it anew)', async () => {
    const seen: string[] = [];
    const anew = page.replace(/<!-- (\w+) -->[\s\S]*?<!-- end -->/g, (_whole, name: string) => {
      seen.push(name);
      return `<!-- ${name} -->\n${generated[name]?.() ?? 'no such part'}\n<!-- end -->`;
    });
    expect(seen.sort()).toEqual(Object.keys(generated).sort());
    await expect(anew).toMatchFileSnapshot(path);
  });

  it('names tests that are there', () => {
    const named = [...page.matchAll(/^\| .* \| `(test\/[^`]+)` \| (.*) \|$/gm)];
    expect(named.length).toBeGreaterThan(8);
    for (const [, file = '', title = ''] of named) {
      expect(readFileSync(resolve(root, file), 'utf8'), file).toContain(title);
    }
  });
});
