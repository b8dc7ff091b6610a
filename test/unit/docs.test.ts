import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { parseCommandLine } from '../../src/cli/parse.ts';
import { commands } from '../../src/cli/registry.ts';
import { fencesOf, pageSteps, twinbankCalls } from '../support/console-page.ts';

const root = resolve(import.meta.dirname, '../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }));

const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .trim()
    .replaceAll(' ', '-');

/** GitHub's anchors of a page. */
function anchors(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    slug(heading),
  );
}

describe('README.md and docs/', () => {
  it('link to files and headings that are there', () => {
    const broken = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
        .filter(([, path = '', anchor]) => {
          const target = path === '' ? join(root, name) : resolve(root, dirname(name), path);
          return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
        })
        .map(([link]) => `${name}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it('name only scripts of package.json', () => {
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script),
    );
    expect(new Set(named).size).toBeGreaterThan(5);
    expect(named.filter((script) => !(script in manifest.scripts))).toEqual([]);
  });

  it('name only files and folders that are there', () => {
    const named = pages.flatMap(({ name, text }) =>
      [...text.matchAll(/`((?:src|test|scripts|oem-providers)\/[\w./-]+)`/g)]
        .map(([, path = '']) => path)
        .filter((path) => !/[A-Z]{4}/.test(path))
        .map((path) => ({ name, path })),
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('docs/architecture.md, "How to add"', () => {
  const { text = '' } = pages.find(({ name }) => name === 'docs/architecture.md') ?? {};
  const [, section = ''] = text.split('\n## How to add\n');
  const rows = [...section.split('\n## ')[0]!.matchAll(/\| `(\w+)` in `(\S+)` \|$/gm)];

  it('says where each table is', () => {
    expect(rows.length).toBeGreaterThan(12);
  });

  it.each(rows.map(([, name = '', file = '']) => [name, file]))('finds %s in %s', (name, file) => {
    const code = readFileSync(join(root, file), 'utf8');
    expect(code).toMatch(new RegExp(`^(?:export )?(?:async )?(?:const|function) ${name}\\b`, 'm'));
  });
});

describe('the console blocks of README.md and docs/', () => {
  const blocks = pages.map(({ name, text }) => ({ name, steps: pageSteps(text) }));
  const fences = pages.flatMap(({ name, text }) => fencesOf(text).map((one) => ({ name, ...one })));
  const parses = async (argv: readonly string[]): Promise<string | undefined> =>
    parseCommandLine(argv, commands, { columns: 100, cwd: root }).then(
      () => undefined,
      (error: Error) => error.message,
    );

  it('are fenced as console, with a prompt, so that test/oracle/docs runs them', () => {
    const others = fences
      .filter(({ name, language, lines }) => {
        if (name === 'docs/cli.md') return false;
        if (['sh', 'bash', 'shell'].includes(language)) return true;
        return language === '' && lines.some((line) => /^(?:\$ |(?:npx )?twinbank \w)/.test(line));
      })
      .map(({ name, line }) => `${name}:${line}`);
    expect(others).toEqual([]);
  });

  it('name the program as it is found in a clone and in a project: npx twinbank', () => {
    const bare = blocks.flatMap(({ name, steps }) =>
      steps.flatMap((step) =>
        step.kind === 'file'
          ? []
          : step.commands
              .filter(({ text }) => /(?:^|[|;&] *)twinbank /.test(text))
              .map(({ line, text }) => `${name}:${line}: ${text}`),
      ),
    );
    expect(bare).toEqual([]);
  });

  it('that are not run have commands and options that are there', async () => {
    const problems: string[] = [];
    let calls = 0;
    for (const { name, steps } of blocks) {
      for (const step of steps) {
        if (step.kind === 'file' || step.notRun === undefined) continue;
        for (const { line, text } of step.commands) {
          for (const argv of twinbankCalls(text)) {
            calls += 1;
            const problem = await parses(argv);
            if (problem !== undefined) problems.push(`${name}:${line}: ${problem}`);
          }
        }
      }
    }
    expect(problems).toEqual([]);
    expect(calls).toBeGreaterThan(5);
  });

  it('in docs/cli.md, which are examples of each command, have commands and options that are there', async () => {
    const examples = fences.filter(
      ({ name, language }) => name === 'docs/cli.md' && language === 'sh',
    );
    const problems: string[] = [];
    for (const { line, lines } of examples) {
      for (const [index, text] of lines.entries()) {
        for (const argv of twinbankCalls(text)) {
          const problem = await parses(argv);
          if (problem !== undefined) problems.push(`docs/cli.md:${line + 1 + index}: ${problem}`);
        }
      }
    }
    expect(problems).toEqual([]);
    expect(examples.length).toBeGreaterThan(20);
  });
});
