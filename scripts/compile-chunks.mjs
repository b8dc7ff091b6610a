// Has V8 compile the chunks that scripts/build.mjs has made, and keeps the code beside them for this version of V8:
// `node scripts/compile-chunks.mjs [FOLDER]`. An installed package calls it as well, for the Node that it is installed for.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { chunkScript, compiledName, encodeCompiled } from './chunk-loader.cjs';

const [folder = join(dirname(fileURLToPath(import.meta.url)), '../dist')] = process.argv.slice(2);
const chunks = join(folder, 'chunks');
// npm calls this in a fresh clone as well, before it builds.
if (existsSync(chunks)) {
  const compiled = new Map();
  for (const name of readdirSync(chunks).filter((file) => file.endsWith('.js'))) {
    compiled.set(name, compile(name, readFileSync(join(chunks, name), 'latin1')));
  }
  const path = join(chunks, compiledName());
  // A command that starts meanwhile finds all of it or none, also after a crash, and where two compile at once.
  const partial = `${path}.${process.pid}.new`;
  try {
    writeFileSync(partial, encodeCompiled(compiled), { flush: true });
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
}

/**
 * Every function, not just those that a chunk calls when it is loaded: to read the code of one takes a fraction of the time
 * to compile it, and a command calls most of them. The code must bear the flags that V8 has by itself, or it is refused.
 */
function compile(name, source) {
  setFlagsFromString('--no-lazy');
  const { script, text } = chunkScript(name, { source });
  setFlagsFromString('--lazy');
  return { code: script.createCachedData(), text };
}
