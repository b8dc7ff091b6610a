import { readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, sep } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { exactSize } from '../../diagnostics/size.ts';
import { type Diagnostic, recipeError } from '../../recipe/diagnostic.ts';
import { type LoadedProvider, supportPath } from '../../recipe/provider.ts';
import type { Path } from '../../recipe/tree.ts';
import { oemSettingNames } from '../../state/setting-rows.ts';
import { parseSetting } from '../../state/settings.ts';
import { type FileTree, sortedEntries } from '../components/file-tree.ts';
import { moduleName } from '../modules/kernel-modules.ts';
import { cimSourceProblems } from './cim/provider-sources.ts';
import { logoLines, logoProblems } from './console-logo.ts';
import { readProviderFiles } from './provider-files.ts';

/** Of a collector or a driver; a bank has less. */
const largestFile = 32 * 2 ** 20;

/** Where vmkd finds what an OEM says of itself (src/runtime/vmkernel/oem/oem-facts.ts). */
function factsPath(name: string): string {
  return `etc/twinbank/oem/${name}.json`;
}

/**
 * Everything that a provider's folder brings into its layer but drivers: `files/`, the collectors, and what
 * provider.yaml says to the running system. Tells all that is wrong with it.
 */
export function readProviderTree(provider: LoadedProvider): {
  tree: FileTree;
  problems: Diagnostic[];
} {
  const { tree, problems } = readProviderFiles(provider);
  problems.push(...settingProblems(provider), ...strayFiles(provider));
  problems.push(...cimSourceProblems(provider), ...logoProblems(provider));
  problems.push(...loadProblems(provider));
  const names = provider.support.scripts.map(({ path }) => basename(path));
  for (const [index, name] of names.entries()) {
    if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && names.indexOf(name) === index) continue;
    const expected = 'a file name of letters, digits, dots, - and _, each once';
    problems.push(provider.problem(['support', 'scripts', index], expected, `"${name}"`));
  }
  if (problems.length > 0) return { tree, problems };
  for (const script of provider.support.scripts) {
    const data = readFileSync(script.path);
    tree.set(supportPath(provider, script), { type: 'file', mode: 0o755, data });
  }
  tree.set(factsPath(provider.name), { type: 'file', mode: 0o644, data: factsOf(provider) });
  return { tree: new Map(sortedEntries(tree)), problems };
}

/** The same for those who go on with it. Throws `recipe.invalid` (kind `recipe`) with all problems. */
export function providerTree(provider: LoadedProvider): FileTree {
  const { tree, problems } = readProviderTree(provider);
  if (problems.length > 0) throw recipeError(problems);
  return tree;
}

/** Defaults are held to the same rules as what an administrator sets. */
function settingProblems(provider: LoadedProvider): Diagnostic[] {
  return oemSettingNames.flatMap((name) => {
    try {
      if (provider.defaults[name]) parseSetting(name, provider.defaults[name]);
      return [];
    } catch (error) {
      if (!(error instanceof TwinbankError)) throw error;
      const [, index] = /\[(\d+)\]/.exec(error.message) ?? [];
      const list = name === 'syslog' ? 'targets' : 'servers';
      const at: Path = ['defaults', name, list, ...(index === undefined ? [] : [Number(index)])];
      const message = error.message.slice(error.message.indexOf('expected '));
      return { ...provider.problem(at, '', ''), message };
    }
  });
}

/** A provider is one folder that can be handed on: nothing in it may be taken from elsewhere. */
function strayFiles(provider: LoadedProvider): Diagnostic[] {
  const root = realpathSync(provider.folder) + sep;
  const { logo } = provider.defaults.console ?? {};
  const drivers = provider.driverFiles.map(({ component }) => component);
  const named: [Path, { scheme: string; path?: string }[]][] = [
    [['support', 'scripts'], provider.support.scripts],
    [['driverFiles'], drivers],
    [['defaults', 'console', 'logo'], logo ? [logo] : []],
  ];
  return named.flatMap(([at, refs]) =>
    refs.flatMap((ref, index) => {
      if (ref.scheme !== 'file' || ref.path === undefined) return [];
      const real = realpathSync(ref.path);
      const { size } = statSync(real);
      const wrong = (expected: string, found: string): Diagnostic =>
        provider.problem([...at, index], expected, found);
      if (!real.startsWith(root)) return wrong(`a file in ${provider.folder}`, `one at ${real}`);
      if (size <= largestFile) return [];
      return wrong(`a file of at most ${exactSize(largestFile)}`, exactSize(size));
    }),
  );
}

/** Only what the OEM has can be loaded without a device that asks for it. */
function loadProblems({ load, drivers, driverFiles, problem }: LoadedProvider): Diagnostic[] {
  const own = driverFiles.map((ref) => ('member' in ref ? ref.member : ref.component.path));
  const has = new Set([...drivers, ...own].map(moduleName));
  return load.flatMap((name, index) =>
    has.has(moduleName(name))
      ? []
      : problem(['load', index], 'one of drivers or driverFiles', name),
  );
}

function factsOf(provider: LoadedProvider): Uint8Array {
  const { name, vendor, version, description, support, load } = provider;
  const { console, ...settings } = provider.defaults;
  const logo = logoLines(provider);
  const defaults = {
    ...settings,
    ...(console && { console: { ...console, ...(logo.length > 0 && { logo }) } }),
  };
  const { assetTag, links, scripts } = support;
  const facts = {
    schemaVersion: 1,
    name,
    vendor,
    version,
    ...(description !== undefined && { description }),
    ...(load.length > 0 && { load }),
    defaults,
    support: {
      ...(assetTag !== undefined && { assetTag }),
      links,
      scripts: scripts.map((script) => `/${supportPath(provider, script)}`),
    },
  };
  return Buffer.from(`${JSON.stringify(facts, null, 2)}\n`);
}
