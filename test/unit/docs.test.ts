import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

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
