import { basename } from 'node:path';
import { TwinbankError } from '../../diagnostics/error.ts';
import type { LoadedProvider } from '../../recipe/provider.ts';
import type { Resolved } from '../components/component.ts';
import type { Json } from '../components/derived.ts';
import {
  type MemberFile,
  memberInputs,
  readMember,
  resolveMembers,
} from '../components/members.ts';
import { readModules } from '../modules/kernel-index.ts';
import { closeOverNeeds, type KernelModule, moduleName } from '../modules/kernel-modules.ts';
import { btfInputs } from '../modules/kernel-source.ts';
import type { PlanContext } from '../modules/module.ts';
import { assertNeeds, type OwnDriver, readDriverFile } from './driver-file.ts';
import { type DriverSet, driverSet } from './driver-set.ts';
import { allOrProblems, placeOf } from './provider-place.ts';

/** The kernel modules of an OEM, planned: nothing but the files' hashes is read yet. */
interface OemDrivers {
  readonly components: readonly Resolved[];
  readonly inputs: Json;
  /** Names of `driverFiles`. */
  readonly own: readonly string[];
  /** The modules with indexes of their own. Throws kind `recipe` with all that is wrong with them. */
  read(): Promise<DriverSet>;
}

/**
 * The kernel modules that a provider brings, with all that they need, in a folder of its own: so they do not
 * depend on which modules the base brings, and only on the kernel. The running system puts the indexes of all
 * OEMs before those of the base (src/runtime/vmkernel/oem/oem-modules.ts).
 */
export async function planOemDrivers(
  provider: LoadedProvider,
  context: PlanContext,
): Promise<OemDrivers | undefined> {
  const { components, kernel } = context;
  const { name, drivers, driverFiles } = provider;
  if (drivers.length + driverFiles.length === 0) return undefined;
  const sources = await resolveMembers(driverFiles, components);
  const own = sources.map(({ component, member }) => moduleName(member ?? component.name));
  assertOnce(provider, own);
  const found = sources.map(({ component }) => component);
  const inputs = {
    image: kernel.image.sha256,
    ...btfInputs(kernel),
    drivers,
    own: memberInputs(sources),
  };
  const folder = `usr/lib/modules/${kernel.release}/oem/${name}`;
  const read = () => readDrivers(provider, sources, context);
  return {
    components: [...kernel.components, ...found.filter(({ scheme }) => scheme !== 'file')],
    inputs,
    own,
    read: () => driverSet({ folder, inputs, kernel, read }, components),
  };
}

/** The modules with all that they need, each after what it needs. */
async function readDrivers(
  provider: LoadedProvider,
  sources: readonly MemberFile[],
  { components, kernel }: PlanContext,
): Promise<(readonly [string, KernelModule])[]> {
  const source = await readModules(kernel, components);
  const { index, builtin, vermagic } = source;
  const target = { release: kernel.release, vermagic };
  const places = sources.map((_, at) => placeOf(provider, ['driverFiles', at]));
  const files: (OwnDriver & { place: string })[] = [];
  const known = () => new Map([...index, ...files.map((file) => [file.name, file] as const)]);
  let closed: string[] = [];
  await allOrProblems([
    ...sources.map((source, at) => async () => {
      const { component } = source;
      const place = places[at] ?? '';
      const tree = await readMember(source, place, components);
      for (const [path, entry] of tree) {
        if (entry.type !== 'file') continue;
        // A file of the provider's folder is the OEM's own work.
        const own = component.scheme === 'file' ? { data: entry.data } : entry;
        files.push({ ...readDriverFile(place, basename(path), own, target), place });
      }
    }),
    () =>
      allOrProblems(
        files.map((file) => () => assertNeeds(file.place, file, hasIn(known(), builtin))),
      ),
    () => {
      const wanted = [...provider.drivers, ...files.map(({ name }) => name)];
      closed = closeOverNeeds(wanted, known(), builtin, (at) => placeOf(provider, ['drivers', at]));
    },
  ]);
  const own = new Map(files.map((file) => [file.name, file] as const));
  const ofKernel = new Map(await source.read(closed.filter((one) => !own.has(one))));
  return closed.flatMap((one) => {
    const module = own.get(one) ?? ofKernel.get(one);
    return module ? [[one, module] as const] : [];
  });
}

function hasIn(modules: ReadonlyMap<string, unknown>, builtin: ReadonlySet<string>) {
  return (name: string): boolean => modules.has(name) || builtin.has(name);
}

function assertOnce(provider: LoadedProvider, own: readonly string[]): void {
  for (const [index, name] of own.entries()) {
    if (own.indexOf(name) === index) continue;
    const message = `${placeOf(provider, ['driverFiles', index])}: expected each kernel module once, found ${name} again; leave out one of them`;
    throw new TwinbankError('recipe', 'oem.driver-twice', message);
  }
}
