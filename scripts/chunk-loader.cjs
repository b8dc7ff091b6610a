// Stands at the beginning of each program of dist/: loads its chunks as `require` does, but from one file with the code
// that V8 made of them when they were built. So a command neither waits for Node to find 70 modules, nor for V8 to
// compile them: half of what its start takes beside Node's own.
'use strict';
const { closeSync, fstatSync, openSync, readFileSync, readSync } = require('node:fs');
const { basename, join } = require('node:path');
const { Script } = require('node:vm');

const head = '(function(exports,require,module,__filename,__dirname){';
// A chunk ends with a line of its own, for its source map.
const tail = '})';
/** Digits of each of the two numbers that such a file begins with: the bytes of its list, and its own. */
const numberDigits = 10;
/** With the space between them. */
const headBytes = 2 * numberDigits + 1;

/**
 * `require` for a program in `folder`, whose chunks are in `chunks/`; what has no relative name is left to Node.
 */
function chunkRequire(folder, require) {
  // Only Node's own loader reads source maps.
  if (process.sourceMapsEnabled) return require;
  const loaded = new Map();
  let compiled;
  const load = (id) => {
    if (!id.startsWith('.')) return require(id);
    const name = basename(id);
    const there = loaded.get(name);
    if (there) return there.exports;
    const filename = join(folder, 'chunks', name);
    compiled ??= openCompiled(join(folder, 'chunks', compiledName()));
    const { script } = chunkScript(
      filename,
      compiled(name) ?? { source: readFileSync(filename, 'latin1') },
    );
    const module = { exports: {} };
    // Known before it runs: chunks name each other.
    loaded.set(name, module);
    script
      .runInThisContext()
      .call(module.exports, module.exports, load, module, filename, join(folder, 'chunks'));
    return module.exports;
  };
  return load;
}

/**
 * A chunk as a script whose value is a function. `source` is the chunk as its file has it: esbuild escapes all that is not
 * ASCII, so that it is read as Latin-1, the shortest way to a string. `text` and `cachedData` are what was kept of it; code of
 * another V8, or of one with other flags, is refused by V8, and the text is compiled.
 */
function chunkScript(filename, { source, text = head + source + tail, cachedData }) {
  return { script: new Script(text, { filename, columnOffset: -head.length, cachedData }), text };
}

/** V8 and the processor that code was made for: each Node has a file of its own. */
function compiledName() {
  return `compiled-${process.versions.v8}-${process.arch}`;
}

/**
 * The text and the code of a chunk, by its name; undefined where there are none, as in a file that a crash or a full disk has cut
 * short: the chunks beside it are whole.
 */
function openCompiled(path) {
  let fd;
  try {
    fd = openSync(path);
  } catch {
    return () => undefined;
  }
  process.once('exit', () => closeSync(fd));
  const read = (offset, length) => {
    const bytes = Buffer.allocUnsafeSlow(length);
    if (readSync(fd, bytes, 0, length, offset) !== length)
      throw new Error(`${path}: expected ${offset + length} bytes, found fewer`);
    return bytes;
  };
  const found = fstatSync(fd);
  if (!found.isFile() || found.size < headBytes) return () => undefined;
  const [listBytes, wholeBytes] = read(0, headBytes).latin1Slice().split(' ').map(Number);
  if (found.size !== wholeBytes) return () => undefined;
  const places = JSON.parse(read(headBytes, listBytes).latin1Slice());
  return (name) => {
    const [offset, codeBytes, textBytes] = places[name] ?? [];
    if (offset === undefined) return undefined;
    const bytes = read(headBytes + listBytes + offset, codeBytes + textBytes);
    return { text: bytes.latin1Slice(codeBytes), cachedData: bytes.subarray(0, codeBytes) };
  };
}

/**
 * The bytes of such a file. `chunks`: text and code by name. Two decimal numbers, the bytes of the list and of the whole
 * file; the list in JSON; and what it gives the places of: of each chunk the code, then the text.
 */
function encodeCompiled(chunks) {
  const places = {};
  const parts = [];
  let offset = 0;
  for (const [name, { code, text }] of chunks) {
    const bytes = Buffer.from(text, 'latin1');
    places[name] = [offset, code.length, bytes.length];
    parts.push(code, bytes);
    offset += code.length + bytes.length;
  }
  const list = Buffer.from(JSON.stringify(places));
  const head = [list.length, headBytes + list.length + offset]
    .map((number) => String(number).padStart(numberDigits, '0'))
    .join(' ');
  return Buffer.concat([Buffer.from(head), list, ...parts]);
}

module.exports = { chunkRequire, chunkScript, compiledName, encodeCompiled };
