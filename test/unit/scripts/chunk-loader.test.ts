import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Script } from 'node:vm';
import { afterEach, beforeEach, expect, it } from 'vitest';

type Load = (id: string) => Record<string, unknown>;
interface Loader {
  chunkRequire(folder: string, require: NodeJS.Require): Load;
  chunkScript(name: string, chunk: { source: string }): { script: Script; text: string };
  compiledName(): string;
  encodeCompiled(chunks: ReadonlyMap<string, { code: Buffer; text: string }>): Buffer;
}
const require = createRequire(import.meta.url);
const loader: Loader = require('../../../scripts/chunk-loader.cjs');

const compileChunks = join(import.meta.dirname, '../../../scripts/compile-chunks.mjs');
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

const load: Load = (id) => loader.chunkRequire(folder, require)(id);

/** Keeps what V8 makes of both chunks; `change` may spoil it. */
function compile(change = (code: Buffer): Buffer => code): void {
  const chunks = join(folder, 'chunks');
  const compiled = ['a.js', 'b.js'].map((name) => {
    const source = readFileSync(join(chunks, name), 'latin1');
    const { script, text } = loader.chunkScript(name, { source });
    return [name, { code: change(script.createCachedData()), text }] as const;
  });
  const bytes = loader.encodeCompiled(new Map(compiled));
  writeFileSync(join(chunks, loader.compiledName()), bytes);
}

/** In a process of its own, as V8 remembers what it has compiled. `rejected`: what V8 says of the code of each chunk. */
function loadElsewhere(): { sum: number; rejected: readonly unknown[] } {
  const script = `const vm = require('node:vm');
    const rejected = [];
    vm.Script = class extends vm.Script {
      constructor(...args) {
        super(...args);
        rejected.push(this.cachedDataRejected);
      }
    };
    const load = require(process.argv[1]).chunkRequire(process.argv[2], require);
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

it('has every function compiled by the build, as V8 takes it without flags', () => {
  const body =
    'const b = []; for (const x of a) b.push(x + 1, x * 2, String(x)); return b.map((y) => [y]);';
  const never = Array.from({ length: 99 }, (_, index) => `exports.f${index} = (a) => { ${body} };`);
  chunk('a.js', `exports.sum = () => 3; ${never.join('')}`);
  execFileSync(process.execPath, [compileChunks, folder]);
  expect(loadElsewhere()).toEqual({ sum: 3, rejected: [false] });
  const compiled = readFileSync(join(folder, 'chunks', loader.compiledName())).length;
  compile();
  const lazily = readFileSync(join(folder, 'chunks', loader.compiledName())).length;
  expect(compiled).toBeGreaterThan(1.5 * lazily);
});

it('loads a chunk from its file where the compiled file does not have it', () => {
  compile();
  chunk('late.js', 'exports.late = true;');
  expect(load('./chunks/late.js')).toEqual({ late: true });
});

it.each([0, 5, 30, -1])('loads chunks where the compiled file was cut short: %s', (end) => {
  compile();
  const path = join(folder, 'chunks', loader.compiledName());
  writeFileSync(path, readFileSync(path).subarray(0, end));
  expect(loadElsewhere()).toEqual({ sum: 3, rejected: [null, null] });
});

it('keeps nothing of a compiled file that cannot get its name', () => {
  const path = join(folder, 'chunks', loader.compiledName());
  mkdirSync(join(path, 'folder'), { recursive: true });
  const run = () => execFileSync(process.execPath, [compileChunks, folder], { stdio: 'pipe' });
  expect(run).toThrow('directory');
  const names = readdirSync(join(folder, 'chunks')).sort();
  expect(names).toEqual(['a.js', 'b.js', loader.compiledName()]);
  expect(loadElsewhere()).toEqual({ sum: 3, rejected: [null, null] });
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
