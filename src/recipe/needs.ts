import { remark, renderDiagnostic } from './diagnostic.ts';
import type { ModuleRecipe } from './module-schema.ts';
import { placesOf } from './recipe-places.ts';
import type { ResolvedRecipe } from './schema.ts';
import { entryAt, type GoneValue, nearestEntry, type Path, type Place, type Tree } from './tree.ts';

/** A list of values that others stand on; `drivers` and `agents` are those of modules. */
type ListName = 'kernel.options' | 'boot.drivers' | 'drivers' | 'agents' | 'health.checks';

export interface Need {
  /** What is missing, as a recipe lists it. */
  readonly value: string;
  /** Other values that do as well. */
  readonly like?: RegExp;
  /** What is no longer so without it. */
  readonly lost: string;
  /** Only where a whole list took the place of one that had it: who removes it by name knows what he does. */
  readonly unlessByName?: boolean;
}

const unmounted = 'init cannot stack the layers, unless the kernel has it built in';
const noSerial = 'the serial line shows nothing once the kernel runs; boot, test and rigs read it';
const noReset = (what: string) =>
  `${what} does not reset the host, and the loader cannot fall back`;

/**
 * All that fallback, consoles and tests stand on and that a recipe can lose: by the list that holds it. Whoever adds a
 * rule to the system that needs a value of a recipe adds its row here.
 */
const needs: Readonly<Record<ListName, readonly Need[]>> = {
  'kernel.options': [
    { value: 'console=ttyS0,115200n8', like: /^console=ttyS[0-9]/, lost: noSerial },
    { value: 'console=tty0', like: /^console=tty[0-9]/, lost: 'the screen shows nothing' },
    // Of several, the kernel takes the last.
    { value: 'panic=10', like: /^panic=-?[1-9]/, lost: noReset('a panic of the kernel') },
    { value: 'oops=panic', lost: 'a kernel goes on after an oops, and may be confirmed' },
    { value: 'softlockup_panic=1', lost: noReset('a processor that hangs in the kernel') },
    {
      value: 'nmi_watchdog=panic',
      like: /^nmi_watchdog=(.*,)?panic/,
      lost: noReset('a processor that hangs with interrupts off'),
    },
  ],
  'boot.drivers': [
    ...['loop', 'squashfs', 'overlay'].map((value) => ({ value, lost: unmounted })),
    { value: 'i6300esb', lost: noReset('a virtual machine that hangs in init') },
    { value: 'iTCO_wdt', lost: noReset('an Intel machine that hangs in init') },
    ...['lpc_ich', 'i2c_i801'].map((value) => ({
      value,
      lost: 'iTCO_wdt finds the watchdog of some Intel machines too late or never',
    })),
    { value: 'sp5100_tco', lost: noReset('an AMD machine that hangs in init') },
    { value: 'qemu_fw_cfg', lost: 'scenarios in QEMU cannot ask the system for faults' },
  ],
  drivers: [
    ...['button', 'evdev'].map((value) => ({ value, lost: 'the power button does nothing' })),
    ...['virtio_pci', 'virtio_blk'].map((value) => ({
      value,
      lost: 'no virtual machine has a virtio disk, which boot and test use',
    })),
    { value: 'virtio_net', lost: 'no virtual machine has a virtio network card' },
    {
      value: 'virtio_console',
      lost: 'vmkd has no port in virtual machines (org.twinbank.vmkd.0), which test uses',
    },
  ],
  agents: [{ value: 'vmkd', lost: 'no boot is ever confirmed, and nothing answers' }],
  'health.checks': [
    { value: 'layers', lost: 'a boot without some of its layers is confirmed' },
    { value: 'manifests', lost: 'a boot whose manifests nobody trusted has signed is confirmed' },
    { value: 'loader', lost: 'a boot by a loader that nobody trusted has signed is confirmed' },
    { value: 'agents', lost: 'a boot whose agents do not run is confirmed' },
    { value: 'state', lost: "a boot that lost an administrator's settings is confirmed" },
  ],
};

/** Module types without which a bank is no system. */
const neededTypes: readonly { readonly type: ModuleRecipe['type']; readonly lost: string }[] = [
  { type: 'engine', lost: 'nothing in the bank can run vmkd and the agents' },
  { type: 'agents', lost: 'the bank has no system above the initramfs, and the kernel panics' },
  { type: 'drivers', lost: 'the host has only the drivers of the initramfs' },
];

type Listed = readonly [path: Path, values: readonly string[]];

/** Where a recipe has each list; a list of modules stands wherever a module has it. */
const listsOf: Readonly<Record<ListName, (recipe: ResolvedRecipe) => readonly Listed[]>> = {
  'kernel.options': ({ kernel }) => [[['kernel', 'options'], kernel.options]],
  'boot.drivers': ({ boot }) => [[['boot', 'drivers'], boot.drivers]],
  'health.checks': ({ health }) => [[['health', 'checks'], health.checks]],
  drivers: ({ modules, boot }) => {
    const lists = Object.entries(modules).flatMap(([name, module]): Listed[] =>
      module.type === 'drivers' ? [[['modules', name, 'drivers'], module.drivers]] : [],
    );
    // The initramfs loads its own whatever a device asks for.
    return lists.length > 0 ? [...lists, [['boot', 'drivers'], boot.drivers]] : [];
  },
  agents: ({ modules }) =>
    Object.entries(modules).flatMap(([name, module]): Listed[] =>
      module.type === 'agents' ? [[['modules', name, 'agents'], module.agents]] : [],
    ),
};

/**
 * One sentence for each thing that fallback, a console or a test stands on and that this recipe does not have, at the
 * place that lost it. What the kernel has built in, and what OEMs bring, is not looked at. `more` are needs that others know of.
 */
export function missingNeeds(
  recipe: ResolvedRecipe,
  more: Partial<Record<ListName, readonly Need[]>> = {},
): string[] {
  const tree = placesOf(recipe);
  const types = Object.values(recipe.modules).map(({ type }) => type);
  const ofTypes = neededTypes.flatMap(({ type, lost }) =>
    types.includes(type)
      ? []
      : sentence(tree, ['modules'], `without a module of type ${type}, ${lost}`),
  );
  const ofLists = Object.entries(needs).flatMap(([key, own]) => {
    const name = key as ListName;
    return missingIn([...own, ...(more[name] ?? [])], listsOf[name](recipe), tree);
  });
  return [...ofTypes, ...ofLists, ...droppedKeys(tree)];
}

function missingIn(
  needs: readonly Need[],
  lists: readonly Listed[],
  tree: Tree | undefined,
): string[] {
  const [first] = lists;
  // Of a module that is not there at all that is said instead.
  if (!first) return [];
  const present = lists.flatMap(([, values]) => values);
  const gone = lists.flatMap(([path]) => goneAt(tree, path).map((one) => ({ ...one, path })));
  return needs.flatMap((need) => {
    const isIt = (value: string): boolean =>
      plain(value) === plain(need.value) || need.like?.test(value) === true;
    if (present.some(isIt)) return [];
    const loss = gone.findLast(({ value }) => isIt(value));
    if (need.unlessByName && !loss?.whole) return [];
    const { value = need.value, path = first[0] } = loss ?? {};
    return sentence(tree, path, `without ${value}, ${need.lost}`, loss?.by);
  });
}

/** Keys that a whole list took the place of, which is easily meant as one key more. */
function droppedKeys(tree: Tree | undefined): string[] {
  const path = ['trust'];
  return goneAt(tree, path).flatMap(({ value, whole, by }) =>
    whole
      ? sentence(tree, path, `without ${value}, bundles that only it has signed are refused`, by)
      : [],
  );
}

function goneAt(tree: Tree | undefined, path: Path): readonly GoneValue[] {
  const list = tree && entryAt(tree, path)?.value;
  return (list?.kind === 'list' && list.gone) || [];
}

function sentence(tree: Tree | undefined, path: Path, message: string, by?: Place): string[] {
  const place = by ?? (tree && nearestEntry(tree, path).key);
  return [renderDiagnostic(remark(place, path, message))];
}

/** modprobe takes `-` and `_` for the same. */
function plain(word: string): string {
  return word.replaceAll('-', '_');
}
