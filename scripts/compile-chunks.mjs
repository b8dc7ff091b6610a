// Has V8 compile the chunks that scripts/build.mjs has made, and keeps the code beside them for this version of V8:
// `node scripts/compile-chunks.mjs [FOLDER]`. An installed package calls it as well, for the Node that it is installed for. It
// runs each command as far as its help, so that what every start calls is in the code, and little else: all of it has to be read.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { chunkRequire, compiledName, encodeCompiled } from './chunk-loader.cjs';

const [outdir = join(dirname(fileURLToPath(import.meta.url)), '../dist')] = process.argv.slice(2);
const folder = resolve(outdir);
// npm calls this in a fresh clone as well, before it builds.
if (existsSync(join(folder, 'package.json'))) await compile();

async function compile() {
  const { chunks } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const loaded = new Map();
  const onScript = (name, script, text) => void loaded.set(name, { script, text });
  const load = chunkRequire(folder, createRequire(join(folder, 'twinbank.js')), onScript);
  const { run } = load(`./chunks/${chunks.run}`);
  const { commands } = load(`./chunks/${chunks.registry}`);
  const firstWord = ({ usage }) => usage.split(' ')[0];
  await help(run, []);
  for (const row of commands) {
    await help(run, [firstWord(row)]);
    for (const inner of row.commands ?? []) await help(run, [firstWord(row), firstWord(inner)]);
  }
  const compiled = new Map();
  for (const [name, { script, text }] of loaded)
    compiled.set(name, { code: script.createCachedData(), text });
  const path = join(folder, 'chunks', compiledName());
  // A command that starts meanwhile finds all of it or none.
  writeFileSync(`${path}.new`, encodeCompiled(compiled));
  renameSync(`${path}.new`, path);
}

async function help(run, argv) {
  const status = await run([...argv, '--help'], {
    stdin: process.stdin,
    stdout: new Writable({ write: (_bytes, _encoding, done) => done() }),
    stderr: process.stderr,
    cwd: folder,
    env: process.env,
    signal: new AbortController().signal,
    now: () => performance.now(),
  });
  if (status !== 0) throw new Error(`twinbank ${argv.join(' ')} --help: exit code ${status}`);
}
