import { basename, join } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import { renderDiagnostic } from '../../recipe/diagnostic.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import type { Path } from '../../recipe/tree.ts';
import type { Resolved } from '../components/component.ts';
import type { Json } from '../components/derived.ts';
import type { FileTree } from '../components/file-tree.ts';
import { readComponent, resolveComponents } from '../components/sources.ts';
import { readModules, runDepmod } from '../modules/drivers.ts';
import { closeOverNeeds, moduleName } from '../modules/kernel-modules.ts';
import type { PlanContext } from '../modules/module.ts';
import { assertNeeds, type OwnDriver, readDriverFile, vermagicOf } from './driver-file.ts';

/** The kernel modules of an OEM, planned: nothing but the files' hashes is read yet. */
export interface OemDrivers {
  readonly components: readonly Resolved[];
  readonly inputs: Json;
  /** Names of `driverFiles`. */
  readonly own: readonly string[];
  /** The modules with indexes of their own; `scratch` is an empty folder. */
  read(scratch: string): Promise<FileTree>;
}

interface DriverSource {
  readonly place: string;
  readonly component: Resolved;
  /** Undefined takes the one file of a `file:` component. */
  readonly member: string | undefined;
}

/**
 * The kernel modules that a provider brings, with all that they need, in a folder of its own: so they do not
 * depend on which modules the base brings, and only on the kernel. The running system puts the indexes of all
 * OEMs before those of the base (src/runtime/vmkernel/oem-modules.ts).
 */
export async function planOemDrivers(
  provider: LoadedProvider,
  { components, kernel }: PlanContext,
): Promise<OemDrivers | undefined> {
  const { name, drivers, driverFiles } = provider;
  if (drivers.length + driverFiles.length === 0) return undefined;
  const found = await resolveComponents(
    driverFiles.map(({ component }) => component),
    components,
  );
  const sources = driverFiles.map((ref, index): DriverSource => {
    const component = found[index];
    if (!component) throw new TwinbankError('internal', 'oem.lost', 'driverFiles: lost');
    const place = placeOf(provider, ['driverFiles', index]);
    return { place, component, member: 'member' in ref ? ref.member : undefined };
  });
  const folder = `usr/lib/modules/${kernel.release}/oem/${name}`;
  const own = sources.map(({ component, member }) => moduleName(member ?? component.name));
  assertOnce(provider, own);
  return {
    components: [...kernel.components, ...found.filter(({ scheme }) => scheme !== 'file')],
    inputs: {
      image: kernel.image.sha256,
      drivers,
      own: sources.map(({ component, member }) => [component.sha256, member ?? '']),
    },
    own,
    read: async (scratch) => {
      const { index, builtin } = await readModules(kernel);
      const vermagic = vermagicOf([...index.values()][0]?.data ?? new Uint8Array());
      const target = { release: kernel.release, vermagic };
      const files: OwnDriver[] = [];
      for (const { place, component, member } of sources) {
        const [path, data] = await readSource(place, component, member, components);
        files.push(readDriverFile(place, path, data, target));
      }
      const all = new Map([...index, ...files.map((file) => [file.name, file] as const)]);
      for (const [at, file] of files.entries()) {
        const has = (one: string): boolean => all.has(one) || builtin.has(one);
        assertNeeds(sources[at]?.place ?? '', file, has);
      }
      const wanted = [...drivers, ...own];
      const closed = closeOverNeeds(wanted, all, builtin, placeOf(provider, ['drivers']));
      const modules = closed.flatMap((one) => {
        const data = all.get(one)?.data;
        return data ? [{ path: `${folder}/${one}.ko`, data }] : [];
      });
      const tree: FileTree = new Map();
      for (const { path, data } of modules) tree.set(path, { type: 'file', mode: 0o644, data });
      for (const [file, data] of await runDepmod(modules, kernel, join(scratch, 'depmod'))) {
        tree.set(`${folder}/${file}`, { type: 'file', mode: 0o644, data });
      }
      return tree;
    },
  };
}

async function readSource(
  place: string,
  component: Resolved,
  member: string | undefined,
  context: PlanContext['components'],
): Promise<[path: string, data: Uint8Array]> {
  const isWanted = (path: string): boolean => member === undefined || path === member;
  const tree = await readComponent(component, isWanted, context);
  for (const [path, entry] of tree) if (entry.type === 'file') return [basename(path), entry.data];
  const message = `${place}: expected the file ${member} in ${component.id} ${component.version}, found none`;
  throw new TwinbankError('recipe', 'modules.no-member', message);
}

function assertOnce(provider: LoadedProvider, own: readonly string[]): void {
  for (const [index, name] of own.entries()) {
    if (own.indexOf(name) === index) continue;
    const message = `${placeOf(provider, ['driverFiles', index])}: expected each kernel module once, found ${name} again; leave out one of them`;
    throw new TwinbankError('recipe', 'oem.driver-twice', message);
  }
}

/** `oem-providers/acme/provider.yaml:12:3 drivers`. */
function placeOf(provider: LoadedProvider, at: Path): string {
  const text = renderDiagnostic({ ...provider.problem(at, '', ''), message: '' });
  return text.replace(/: $/, '');
}
