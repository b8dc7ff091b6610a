import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { runTool } from '../../host/run-tool.ts';
import type { ComponentRef } from '../../recipe/component-ref.ts';
import type { EngineModule } from '../../recipe/module-schema.ts';
import { type FileTree, mergeTrees, withData } from '../components/file-tree.ts';
import { readLibraries } from '../components/libraries.ts';
import { planLibraries } from '../components/library-plan.ts';
import { readComponent, resolveComponents } from '../components/sources.ts';
import { dropAddonExports } from './elf-exports.ts';
import { trimIcuData } from './icu.ts';
import { layerInputs, makeLayer } from './layer.ts';
import type { ModuleDraft, PlanContext } from './module.ts';
import { stripPrograms } from './strip.ts';
import { blankTypeStripper } from './type-stripper.ts';

/** Where a component of each scheme has the engine's program. */
const programPaths: Record<ComponentRef['scheme'], string> = {
  npm: 'package/bin/node',
  deb: 'usr/bin/node',
  file: 'node',
};

/**
 * Node with the libraries it needs. What the bank's agents cannot use is taken out: debug symbols, other
 * languages' ICU data, the symbols for native add-ons, the TypeScript stripper. The result is run before
 * it is packed.
 */
export async function planEngine(
  name: string,
  module: EngineModule,
  context: PlanContext,
): Promise<ModuleDraft> {
  const { components, provided } = context;
  const [node] = await resolveComponents([module.from], components);
  if (!node) throw new TwinbankError('internal', 'engine.lost', 'engine.from resolved to nothing');
  const program = programPaths[node.scheme];
  const plan = await planLibraries([{ component: node, paths: [program] }], provided, components);
  return {
    name,
    fileName: `${name}.v00`,
    version: node.version,
    // The C library, for programs that OEMs bring.
    provides: plan.packages.flatMap(({ id, version }) =>
      id === 'deb:libc6' ? [`libc6 = ${version}`] : [],
    ),
    components: [node, ...plan.packages],
    inputs: {
      type: 'engine',
      format: 2,
      node: node.sha256,
      libraries: plan.packages.map(({ sha256 }) => sha256),
      locales: module.locales,
      layer: layerInputs(module.layer),
    },
    tools: ['strip', 'mksquashfs'],
    sonames: plan.libraries.map(({ soname }) => soname),
    build: async (scratch, sources) => {
      const source = await readComponent(node, (path) => path === program, components);
      const entry = source.get(program);
      if (entry?.type !== 'file') {
        throw new TwinbankError(
          'recipe',
          'engine.no-program',
          `modules.${name}.from: expected the program ${program} in ${node.id} ${node.version}, found none`,
        );
      }
      const binary: FileTree = new Map([['usr/bin/node', { ...entry, mode: 0o755 }]]);
      const libraries = await readLibraries(plan, components);
      const stripped = await stripPrograms(mergeTrees(binary, libraries), scratch);
      const small = stripped.get('usr/bin/node');
      if (small?.type === 'file') {
        const data = Uint8Array.from(small.data);
        trimIcuData(data, module.locales);
        dropAddonExports(data);
        blankTypeStripper(data);
        stripped.set('usr/bin/node', withData(small, data));
      }
      await checkEngine(stripped, join(scratch, 'check'));
      return makeLayer(name, stripped, module.layer, sources, scratch, components.signal);
    },
  };
}

/** Uses what trimming could have broken: dates, numbers, URLs, sorting, hashes, keys, compression, decoding. */
const checkScript = `JSON.stringify([
  new Date(0).toLocaleString('en-US', { timeZone: 'UTC' }),
  new Intl.DateTimeFormat('en', { dateStyle: 'full', timeZone: 'Europe/Berlin' }).format(0),
  (1234567.8).toLocaleString('en-US'),
  new Date(0).toLocaleString('en-GB', { timeZone: 'UTC' }),
  new URL('http://ex\\u00e4mple.org/').href,
  'a\\u0308'.normalize('NFC').length,
  ['b', 'a', 'B'].sort(new Intl.Collator('en').compare).join(''),
  require('node:crypto').createHash('sha256').update('twinbank').digest('hex').slice(0, 8),
  require('node:zlib').gunzipSync(require('node:zlib').gzipSync('twinbank')).toString(),
  require('node:crypto').generateKeyPairSync('ed25519').publicKey.asymmetricKeyType,
  typeof fetch, typeof Response.json({}).json,
  new TextDecoder('utf-16le').decode(new Uint8Array([65, 0])),
])`;
const expected =
  '["1/1/1970, 12:00:00 AM","Thursday, January 1, 1970","1,234,567.8","01/01/1970, 00:00:00","http://xn--exmple-cua.org/",1,"abB","cde2eefa","twinbank","ed25519","function","function","A"]';

/** Runs the engine on the build host, with its own libraries and loader, and compares what it prints. */
async function checkEngine(tree: FileTree, folder: string): Promise<void> {
  for (const [path, entry] of tree) {
    if (entry.type !== 'file') continue;
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, entry.data, { mode: entry.mode });
  }
  const libraries = join(folder, 'usr/lib/x86_64-linux-gnu');
  const loader = join(libraries, 'ld-linux-x86-64.so.2');
  const node = join(folder, 'usr/bin/node');
  const { stdout } = await runTool(loader, ['--library-path', libraries, node, '-p', checkScript]);
  const found = stdout.toString().trim();
  if (found !== expected) {
    throw new TwinbankError(
      'corrupt',
      'engine.check-failed',
      `engine: expected the trimmed engine to print ${expected}, found ${found}`,
    );
  }
}
