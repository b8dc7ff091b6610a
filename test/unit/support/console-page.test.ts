import { describe, expect, test } from 'vitest';
import { masked, printed } from '../../support/console-output.ts';
import { pageSteps, twinbankCalls } from '../../support/console-page.ts';
import { plainWords } from '../../support/console-session.ts';

describe('the steps of a page', () => {
  test('are its console blocks and its files, in order, with the lines that they stand in', () => {
    const page = [
      ...['text', '<!-- file: recipes/a.yaml -->', '```yaml', 'name: a', '```', ''],
      ...['1. In a list:', '   ```console', '   $ npx twinbank build a.yaml \\', '       --json'],
      ...['   {...}', '   $ echo $?', '   3', '   ```', '```yaml', 'name: b', '```'],
      ...['<!-- not run: needs a device -->', '```console', '$ lsblk', '```'],
    ].join('\n');
    expect(pageSteps(page)).toEqual([
      { kind: 'file', line: 3, path: 'recipes/a.yaml', text: 'name: a\n', append: false },
      {
        kind: 'console',
        line: 8,
        commands: [
          { line: 9, text: 'npx twinbank build a.yaml \\\n    --json', output: ['{...}'] },
          { line: 12, text: 'echo $?', output: ['3'] },
        ],
      },
      {
        kind: 'console',
        line: 19,
        notRun: 'needs a device',
        commands: [{ line: 20, text: 'lsblk', output: [] }],
      },
    ]);
  });

  test('take a here document for a part of its command', () => {
    const page = "```console\n$ cat >a <<'END'\n$ one\nEND\n$ ls\na\n```";
    expect(pageSteps(page)).toMatchObject([
      { commands: [{ text: "cat >a <<'END'\n$ one\nEND" }, { text: 'ls', output: ['a'] }] },
    ]);
  });

  test('cannot begin with something printed', () => {
    expect(() => pageSteps('```console\ntwinbank build\n```')).toThrow('line 2: expected "$ "');
  });
});

test.each([
  ['npx twinbank oem new a --vendor "ACME Servers"  # new', ['oem', 'new', 'a', '--vendor']],
  ['npx twinbank state backup a.img - | tar tz', undefined],
  ['npx twinbank build recipes/*.yaml', undefined],
  ['TWINBANK_PASSPHRASE= npx twinbank keys new keys', ['npx', 'twinbank', 'keys']],
  ['npx twinbank build a.yaml \\\n    --json', ['build', 'a.yaml', '--json']],
])('takes the words of %s apart, unless a shell has to', (command, words) => {
  const found = plainWords(command);
  if (words === undefined) expect(found).toBeUndefined();
  else expect(found).toEqual(expect.arrayContaining(words));
});

test.each([
  [
    'npx twinbank state backup old.img - | twinbank state restore new.img -',
    [
      ['state', 'backup', 'old.img', '-'],
      ['state', 'restore', 'new.img', '-'],
    ],
  ],
  ['A= npx twinbank keys new keys 3< x', [['keys', 'new', 'keys']]],
  ["npx twinbank flash a.img '| ssh rig dd'   # to a rig", [['flash', 'a.img', '| ssh rig dd']]],
  ['curl twinbank | cat', []],
])('finds the calls of twinbank in %s', (text, calls) => {
  expect(twinbankCalls(text)).toEqual(calls);
});

describe('what was printed', () => {
  const lines = [
    '[1/5] Plan',
    'engine: 12.5 s',
    '',
    'sha 3f74ae57b2',
    'done in /tmp/x-1/out, 5 MiB',
  ];
  test.each([
    [['[1/5] Plan', 'engine:   3 s', 'sha 0123456789', 'done in /tmp/y, 752.0 MiB'], true],
    [['...', 'done in /tmp/y, 7 B'], true],
    [['[1/5] Plan', '...'], true],
    [['[1/5] Plan', '... 3 s', '...'], true],
    [['[1/5] Plan'], false],
    [['...', 'engine: 3 s'], false],
    [['[2/5] Plan', '...'], false],
    [['engine: 3 s', '[1/5] Plan', '...'], false],
  ])('is, or is not, what the page shows: %j', (shown, is) => {
    expect(printed(shown, lines)).toBe(is);
  });

  test('keeps what means something: banks, versions, places in files', () => {
    const line = 'bank 5, build 0.1.0-1, acme/provider.yaml:12:3';
    expect(masked(line)).toBe(line);
  });
});
