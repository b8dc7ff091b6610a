// Bundles the command line into dist/. A command's code is a chunk of its own, loaded when it is called.
// Another folder may be named (a test builds its own copy); it must see node_modules. Behind it more programs
// may be named that share the chunks, as NAME=FILE.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { compiledName } from './chunk-loader.cjs';

// npm runs this from anywhere inside the package.
process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const [outdir = 'dist', ...more] = process.argv.slice(2);
// `npm run bench`; an installed package has no test/.
const bench = 'test/bench/main.ts';
const target = 'node20.19';
const begun = new Date();
const { outputFiles } = await build({
  entryPoints: {
    twinbank: 'src/cli/main.ts',
    ...(existsSync(bench) && { bench }),
    ...Object.fromEntries(more.map((entry) => entry.split('='))),
  },
  // esbuild took the working folder when it was loaded, before it was changed above.
  absWorkingDir: process.cwd(),
  outdir,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  target,
  // Only modules can be split; see below.
  format: 'esm',
  // All other packages are bundled: 250 small files cost each start of a command 0.15 s. esbuild has a program of
  // its own; the SBOM library would use the other, were it there, to write XML, which nobody asks it for.
  external: ['esbuild', 'xmlbuilder2'],
  alias: { 'string-width': './scripts/text-width.mjs', assert: './scripts/assert.mjs' },
  sourcemap: 'inline',
  sourcesContent: false,
  write: false,
  logLevel: 'warning',
});

// As CommonJS: Node finds and loads 70 modules one by one, through promises and threads, and keeps no code of them.
const chunks = join(outdir, 'chunks');
mkdirSync(chunks, { recursive: true });
// Of other chunks, perhaps.
rmSync(join(chunks, compiledName()), { force: true });
const isEntry = ({ path }) => dirname(path) === resolve(outdir);
// In one line, which source maps do not see.
const { code: loader } = await transform(readFileSync('scripts/chunk-loader.cjs'), {
  minify: true,
  target,
});
const withLoader = `require=((module,require)=>{${loader.trim()};return module.exports.chunkRequire(__dirname,require)})({},require);`;
const scripts = await Promise.all(
  outputFiles.map(async (file) => ({ file, ...(await asScript(file)) })),
);
// The chunks first: a command that starts meanwhile finds all that its program names.
for (const { file, text, map } of scripts.sort((a, b) => isEntry(a.file) - isEntry(b.file))) {
  writeFileSync(`${file.path}.map`, map);
  writeFileSync(file.path, text);
}
writeFileSync(join(outdir, 'package.json'), '{ "type": "commonjs" }\n');
chmodSync(join(outdir, 'twinbank.js'), 0o755);
// As old as what was read, so that scripts/setup sees a file that was saved during the build.
utimesSync(join(outdir, 'twinbank.js'), begun, begun);

// Only now, so that a command that runs meanwhile still finds the chunks it was built with.
const written = new Set(
  outputFiles.flatMap(({ path }) => [basename(path), `${basename(path)}.map`]),
);
for (const file of readdirSync(chunks)) {
  if (!written.has(file) && !file.startsWith('compiled-'))
    rmSync(join(chunks, file), { force: true });
}
execFileSync(process.execPath, ['scripts/compile-chunks.mjs', outdir], { stdio: 'inherit' });

/** A module as CommonJS, and its source map, which leads to what it was made of. */
async function asScript({ path, text }) {
  const name = basename(path);
  const { code, map } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target,
    sourcefile: name,
    sourcemap: 'external',
    sourcesContent: false,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'twinbankUrl' },
    logLevel: 'warning',
  });
  const [, shebang = '', body = ''] = /^(#!.*\n)?([\s\S]*)$/.exec(code) ?? [];
  const url = "const twinbankUrl=require('node:url').pathToFileURL(__filename).href;";
  const before = `${isEntry({ path }) ? withLoader : ''}${body.includes('twinbankUrl') ? url : ''}`;
  return { text: `${shebang}${before}${body}//# sourceMappingURL=${name}.map\n`, map };
}
