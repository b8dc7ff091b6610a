// Bundles the command line into dist/. A command's code is a chunk of its own, loaded when it is called.
// Another folder may be named (a test builds its own copy); it must see node_modules.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

// npm runs this from anywhere inside the package.
process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const outdir = process.argv[2] ?? 'dist';
// `npm run bench`; an installed package has no test/.
const bench = 'test/bench/main.ts';
const begun = new Date();
const target = 'node20.19';
const { outputFiles } = await build({
  entryPoints: { twinbank: 'src/cli/main.ts', ...(existsSync(bench) && { bench }) },
  // esbuild took the working folder when it was loaded, before it was changed above.
  absWorkingDir: process.cwd(),
  outdir,
  outExtension: { '.js': '.cjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  target,
  // Only modules can be split; see below.
  format: 'esm',
  // All other packages are bundled: 250 small files cost each start of a command 0.15 s. esbuild has a program
  // of its own.
  external: ['esbuild'],
  alias: { 'string-width': './scripts/text-width.mjs' },
  sourcemap: 'inline',
  sourcesContent: false,
  write: false,
  logLevel: 'warning',
});

// A command is some 40 chunks, and as CommonJS Node loads them in half the time that it takes for modules.
const chunks = join(outdir, 'chunks');
mkdirSync(chunks, { recursive: true });
const written = new Set();
// The chunks first: a command that starts meanwhile finds all that its entry names.
const isEntry = ({ path }) => dirname(path) === resolve(outdir);
for (const file of [...outputFiles].sort((a, b) => isEntry(a) - isEntry(b))) {
  const name = basename(file.path);
  const { code, map } = await transform(file.text, {
    ...{ format: 'cjs', platform: 'node', target, sourcefile: name, sourcesContent: false },
    sourcemap: 'external',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': 'twinbankUrl' },
  });
  const url = "const twinbankUrl=require('node:url').pathToFileURL(__filename).href;";
  const body = code.replace(/^#!.*\n/, '');
  const text = `${body.includes('twinbankUrl') ? url : ''}${body}//# sourceMappingURL=${name}.map\n`;
  writeFileSync(file.path, text);
  writeFileSync(`${file.path}.map`, map);
  written.add(name).add(`${name}.map`);
  if (!isEntry(file)) continue;
  const start = `import{createRequire}from'node:module';createRequire(import.meta.url)('./${name}');`;
  writeFileSync(file.path.replace(/cjs$/, 'js'), `#!/usr/bin/env node\n${start}\n`);
}
chmodSync(join(outdir, 'twinbank.js'), 0o755);
// As old as what was read, so that scripts/setup sees a file that was saved during the build.
utimesSync(join(outdir, 'twinbank.js'), begun, begun);

// Only now, so that a command that runs meanwhile still finds the chunks it was built with.
for (const file of readdirSync(chunks)) {
  if (!written.has(file)) rmSync(join(chunks, file), { force: true });
}
