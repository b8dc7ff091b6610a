import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Script } from 'node:vm';
import { afterEach, beforeEach, expect, it } from 'vitest';

type Load = (id: string) => Record<string, unknown>;
type OnScript = (name: string, script: Script, text: string) => void;
interface Loader {
  chunkRequire(folder: string, require: NodeJS.Require, onScript?: OnScript): Load;
  compiledName(): string;
  encodeCompiled(chunks: ReadonlyMap<string, { code: Buffer; text: string }>): Buffer;
}
const require = createRequire(import.meta.url);
const loader: Loader = require('../../../scripts/chunk-loader.cjs');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chunks-'));
  mkdirSync(join(folder, 'chunks'));
  chunk('a.js', 'exports.name = "a"; exports.sum = () => require("./b.js").two + 1;');
  chunk('b.js', 'exports.two = 2; exports.a = () => require("./a.js").name;');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function chunk(name: string, text: string): void {
  writeFileSync(join(folder, 'chunks', name), `${text}\n`);
}

function load(id: string, onScript?: OnScript): Record<string, unknown> {
  return loader.chunkRequire(folder, require, onScript)(id);
}

/** Loads both chunks and keeps what V8 made of them; `change` may spoil it. */
function compile(change = (code: Buffer): Buffer => code): void {
  const loaded = new Map<string, { script: Script; text: string }>();
  const { sum } = load('./chunks/a.js', (name, script, text) => loaded.set(name, { script, text }));
  (sum as () => number)();
  const compiled = [...loaded].map(([name, { script, text }]) => {
    return [name, { code: change(script.createCachedData()), text }] as const;
  });
  expect(compiled.map(([name]) => name)).toEqual(['a.js', 'b.js']);
  const path = join(folder, 'chunks', loader.compiledName());
  writeFileSync(path, loader.encodeCompiled(new Map(compiled)));
}

it('loads chunks that name each other, and leaves other names to Node', () => {
  chunk(
    'c.js',
    'exports.join = require("node:path").join; exports.here = [__filename, __dirname];',
  );
  const { sum } = load('./chunks/a.js') as { sum(): number };
  expect(sum()).toBe(3);
  const { a } = load('./chunks/b.js') as { a(): string };
  expect(a()).toBe('a');
  const chunks = join(folder, 'chunks');
  expect(load('./chunks/c.js')).toEqual({ join, here: [join(chunks, 'c.js'), chunks] });
});

it('runs a chunk once, also one that is in the middle of being loaded', () => {
  chunk(
    'd.js',
    'exports.times = (exports.times ?? 0) + 1; exports.same = require("./d.js") === exports;',
  );
  const loadHere = loader.chunkRequire(folder, require);
  expect(loadHere('./chunks/d.js')).toEqual({ times: 1, same: true });
  expect(loadHere('./d.js')).toBe(loadHere('./chunks/d.js'));
});

/** In a process of its own: V8 remembers what it has compiled. */
function loadElsewhere(): { sum: number; rejected: readonly unknown[] } {
  const script = `const { chunkRequire } = require(process.argv[1]);
    const rejected = [];
    const load = chunkRequire(process.argv[2], require, (_, script) => rejected.push(script.cachedDataRejected));
    console.log(JSON.stringify({ sum: load('./chunks/a.js').sum(), rejected }));`;
  const program = require.resolve('../../../scripts/chunk-loader.cjs');
  const args = ['-e', script, program, folder];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

it('takes text and code from the compiled file, without a look at the chunk', () => {
  compile();
  rmSync(join(folder, 'chunks/a.js'));
  expect(loadElsewhere()).toEqual({ sum: 3, rejected: [false, false] });
});

it('compiles the text where the code is of another V8', () => {
  // Its first bytes say which V8 made it.
  compile((code) => Buffer.concat([Buffer.alloc(16, 0xee), code.subarray(16)]));
  expect(loadElsewhere()).toEqual({ sum: 3, rejected: [true, true] });
});

it('loads a chunk from its file where the compiled file does not have it', () => {
  compile();
  chunk('late.js', 'exports.late = true;');
  expect(load('./chunks/late.js')).toEqual({ late: true });
});

it('refuses a compiled file that was cut short', () => {
  compile();
  const path = join(folder, 'chunks', loader.compiledName());
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  const { sum } = load('./chunks/a.js') as { sum(): number };
  expect(sum).toThrow(/^.*compiled-\S+: expected \d+ bytes, found fewer$/);
});

it('shows the chunk and the column of an error', () => {
  chunk('bad.js', 'exports.fail = () => { throw new Error("bad"); };');
  const { fail } = load('./chunks/bad.js') as { fail(): void };
  let stack = '';
  try {
    fail();
  } catch (error) {
    stack = (error as Error).stack ?? '';
  }
  expect(stack.split('\n')[1]).toMatch(/chunks\/bad\.js:1:30\)?$/);
});
