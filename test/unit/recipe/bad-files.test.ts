import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TwinbankError } from '../../../src/diagnostics/error.ts';
import { loadRecipe } from '../../../src/recipe/load.ts';
import { readYaml } from '../../../src/recipe/read-yaml.ts';
import { plainValue, type Source } from '../../../src/recipe/tree.ts';
import { validateTree } from '../../../src/recipe/validate.ts';
import { load, problemsOf, temporaryFiles } from './temporary-files.ts';

test.each<[string, string | Uint8Array, string]>([
  ['empty', '', 'x.yaml:1:1: expected a map of recipe keys, found an empty file'],
  ['only comments', '# x\n', 'x.yaml:1:1: expected a map of recipe keys, found an empty file'],
  ['a list', '- a\n', 'x.yaml:1:1: expected a map of recipe keys, found a list'],
  ['text', 'hello\n', 'x.yaml:1:1: expected a map of recipe keys, found "hello"'],
  [
    'binary',
    Uint8Array.of(0x7f, 0x45, 0),
    'x.yaml: expected a recipe in YAML, found a binary file',
  ],
  [
    'no UTF-8',
    Uint8Array.of(0xff),
    'x.yaml: expected a recipe in YAML, found bytes that are not UTF-8',
  ],
  ['giant', ' '.repeat(300_000), 'x.yaml: expected at most 256KiB, found 300000B'],
  [
    'two documents',
    'a: 1\n---\nb: 1\n',
    'x.yaml:2:1: expected one YAML document, found another one',
  ],
  [
    'a tab',
    'bank:\n\tsize: 4\n',
    'x.yaml:2:1: expected valid YAML, found a mistake (tabs are not allowed as indentation)',
  ],
  [
    'a tag',
    'bank: !x 3\n',
    'x.yaml:1:7: expected valid YAML, found a mistake (unresolved tag: !x)',
  ],
  [
    'a set',
    'bank: !!set {x}\n',
    'x.yaml:1:13 bank: expected plain text, a number, a list or a map, found a YAML tag',
  ],
  [
    'a map as key',
    '? {a: 1}\n: 2\n',
    'x.yaml:1:3: expected a word as the key, found something else',
  ],
  [
    'the prototype',
    '__proto__: {a: 1}\n',
    'x.yaml:1:1 __proto__: expected another key, found "__proto__"',
  ],
  [
    'nesting',
    '['.repeat(100_000),
    'x.yaml:1:1: expected values nested at most 32 deep, found more',
  ],
  [
    'itself inside',
    'trust: &a [*a]\n',
    `x.yaml:1:12 trust${'[0]'.repeat(32)}: expected values nested at most 32 deep, found more`,
  ],
])('a file that is no recipe is one clear sentence: %s', (_, content, message) => {
  expect(problemsOf({ 'x.yaml': content })).toContain(message);
});

test('a file that is not there, a directory and a device are named', () => {
  const cwd = temporaryFiles({ 'dir/a': '' });
  const message = (path: string) => {
    try {
      loadRecipe(path, { cwd });
    } catch (error) {
      return error instanceof TwinbankError && error.kind === 'recipe' ? error.message : error;
    }
    return undefined;
  };
  expect(message('gone.yaml')).toBe('gone.yaml: expected a recipe file, found no such file');
  expect(message('dir')).toBe('dir: expected a recipe file, found a directory');
  expect(message('/dev/zero')).toMatch(/^\/dev\/zero: .* no regular file$/);
});

test('a key that comes twice names both lines', () => {
  expect(problemsOf({ 'x.yaml': 'bank:\n  size: 48MiB\nname: a\nbank: {}\n' })).toEqual([
    'x.yaml:4:1 bank: expected each key once, found "bank" again, first in line 1',
  ]);
});

test('an alias bomb is refused at once', () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `b${level + 1}: &b${level + 1} [${Array(9).fill(`*b${level}`).join(',')}]`,
  );
  const before = performance.now();
  const problems = problemsOf({ 'x.yaml': ['b0: &b0 [x]', ...levels].join('\n') });
  expect(problems.some((line) => line.endsWith('expected at most 100 aliases, found more'))).toBe(
    true,
  );
  expect(performance.now() - before).toBeLessThan(5_000);
});

test('a long list of problems is cut short in the message and whole in the data', () => {
  const lines = problemsOf({ 'x.yaml': `trust: [${'1,'.repeat(300)}]` });
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe('and 250 more problems');
});

const source: Source = { kind: 'file', shown: 'x.yaml', directory: '/' };

/** YAML's own characters and our keys, so that some of it gets beyond the parser. */
const token = fc.constantFrom(
  ...['bank', 'size', 'modules', 'vmm', 'type', 'trust', 'disk', 'order', 'build', 'extends'],
  ...['48MiB', '48', 'null', '~', 'x', '__proto__', 'constructor', 'toString', 'file:a', 'deb:a1'],
  ...[
    ':',
    ': ',
    '- ',
    '? ',
    ', ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '!!set ',
    '!x ',
    '<<',
    '|',
    '>',
  ],
  ...[
    '\n',
    '\n  ',
    '\n    ',
    '"',
    "'",
    '#',
    '%',
    '@',
    '---\n',
    '...\n',
    '\t',
    '\r',
    '\u0085',
    '\uFEFF',
  ],
);
const garbage = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join('')),
);

test('whatever text comes, reading and checking it ends in a recipe or in problems', () => {
  let read = 0;
  fc.assert(
    fc.property(garbage, (text) => {
      const { tree, problems } = readYaml(text, source);
      if (!tree) return;
      read++;
      const { recipe, problems: wrong } = validateTree(tree);
      expect(recipe !== undefined || problems.length + wrong.length > 0).toBe(true);
      for (const { message } of wrong) expect(message).toMatch(/^expected .+, found .+$/s);
    }),
    { numRuns: 3000 },
  );
  expect(read).toBeGreaterThan(100);
});

test('whatever value comes for a key of the recipe, it is taken or refused in one form', () => {
  const keys = Object.keys(load({ 'x.yaml': '{}' }).recipe);
  const value = fc.json({ maxDepth: 2 });
  fc.assert(
    fc.property(fc.constantFrom(...keys), value, (key, json) => {
      const { tree } = readYaml(JSON.stringify({ [key]: JSON.parse(json) }), source);
      if (!tree) return;
      for (const { path, message } of validateTree(tree).problems) {
        expect(path.startsWith(key)).toBe(true);
        expect(message).toMatch(/^expected .+, found .+$/s);
        expect(message).not.toMatch(/Invalid|undefined|\[object/);
      }
      expect(plainValue(tree)).toBeTypeOf('object');
    }),
    { numRuns: 1000 },
  );
});

test('random bytes in a file never cause anything but an error that was foreseen', () => {
  const cwd = temporaryFiles({ a: '' });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), garbage), (content) => {
      const directory = temporaryFiles({ 'x.yaml': content });
      try {
        loadRecipe(`${directory}/x.yaml`, { cwd });
      } catch (error) {
        expect(error).toBeInstanceOf(TwinbankError);
      }
    }),
    { numRuns: 200 },
  );
});
