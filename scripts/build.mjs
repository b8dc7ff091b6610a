// Bundles the command line into dist/. A command's code is a chunk of its own, loaded when it is called.
// Another folder may be named (a test builds its own copy); it must see node_modules. Behind it more programs
// may be named that share the chunks, as NAME=FILE.
import { chmodSync, existsSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

// npm runs this from anywhere inside the package.
process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'));

const [outdir = 'dist', ...more] = process.argv.slice(2);
// `npm run bench`; an installed package has no test/.
const bench = 'test/bench/main.ts';
const begun = new Date();
const { metafile } = await build({
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
  target: 'node20.19',
  format: 'esm',
  // All other packages are bundled: 250 small files cost each start of a command 0.15 s. What was written for
  // CommonJS asks for `require`, which a module does not have by itself. esbuild has a program of its own;
  // the SBOM library would use the other, were it there, to write XML, which nobody asks it for.
  external: ['esbuild', 'xmlbuilder2'],
  alias: { 'string-width': './scripts/text-width.mjs' },
  banner: {
    js: "import{createRequire as twinbankRequire}from'node:module';const require=twinbankRequire(import.meta.url);",
  },
  sourcemap: 'linked',
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
});
chmodSync(join(outdir, 'twinbank.js'), 0o755);
// As old as what was read, so that scripts/setup sees a file that was saved during the build.
utimesSync(join(outdir, 'twinbank.js'), begun, begun);

// Only now, so that a command that runs meanwhile still finds the chunks it was built with.
const written = new Set(Object.keys(metafile.outputs).map((file) => basename(file)));
const chunks = join(outdir, 'chunks');
for (const file of existsSync(chunks) ? readdirSync(chunks) : []) {
  if (!written.has(file)) rmSync(join(chunks, file), { force: true });
}
