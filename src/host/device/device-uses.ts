import { statSync } from 'node:fs';
import { join } from 'node:path';
import { partitionsOf } from './device-facts.ts';
import { followed, namesIn, type SystemFolders, textOf } from './sysfs.ts';

/** What a device, or a part of it, is used for. */
export interface DeviceUse {
  /** The disk, one of its partitions, or a device that is made of them. */
  readonly device: string;
  /** `mounted on /boot`, `swap space`, `a part of md0` */
  readonly what: string;
  /** Without it this host would not go on. */
  readonly system: boolean;
}

/** Where a host keeps what it runs from. */
const systemMounts = new Set(['/', '/boot', '/boot/efi', '/efi', '/usr', '/var', '/nix', '/etc']);

/**
 * Everything that a device is used for now: file systems and swap space on it, on its partitions, and on what
 * device mapper, md and bcache have made of them. That the kernel lets it be claimed (open(2), O_EXCL) is the
 * last word, but it does not say why.
 */
export function deviceUses(number: string, folders: SystemFolders): DeviceUse[] {
  const folder = followed(folders.sys, 'dev/block', number);
  if (folder === undefined) return [];
  const mounts = mountsOf(folders);
  const swaps = (textOf(folders.proc, 'swaps') ?? '')
    .split('\n')
    .map((line) => line.split(/\s/)[0]);
  const uses: DeviceUse[] = [];
  const look = (at: string, device: string): void => {
    const names = [device, ...mapperName(at)];
    const own = textOf(at, 'dev');
    for (const { place, source, number } of mounts) {
      if (number !== own && !names.some((name) => source === `/dev/${name}`)) continue;
      uses.push({ device, what: `mounted on ${place}`, system: systemMounts.has(place) });
    }
    if (names.some((name) => swaps.includes(`/dev/${name}`))) {
      uses.push({ device, what: 'swap space', system: true });
    }
    for (const holder of namesIn(at, 'holders')) {
      uses.push({ device, what: `a part of ${holder}`, system: false });
      const held = followed(at, 'holders', holder);
      if (held !== undefined) look(held, holder);
    }
    for (const partition of partitionsOf(at)) look(join(at, partition), partition);
  };
  look(folder, folder.split('/').at(-1) ?? '');
  return uses;
}

/**
 * The same of a plain file: swap space in it, and loop devices that are made of it, as they have what they have read
 * of it in a cache of their own (losetup(8)).
 */
export function fileUses(path: string, folders: SystemFolders): DeviceUse[] {
  const swaps = (textOf(folders.proc, 'swaps') ?? '').split('\n');
  const inSwaps = swaps.some((line) => unescaped(line.split(/\s/)[0] ?? '') === path);
  const file = statSync(path);
  const loops = namesIn(folders.sys, 'block').filter((name) => {
    const backing = textOf(folders.sys, 'block', name, 'loop/backing_file');
    // By another name of the same file, too.
    const found = backing && statSync(backing, { throwIfNoEntry: false });
    return found && found.ino === file.ino && found.dev === file.dev;
  });
  return [
    ...(inSwaps ? [{ device: path, what: 'swap space', system: true }] : []),
    ...loops.flatMap((name): DeviceUse[] => [
      ...deviceUses(textOf(folders.sys, 'block', name, 'dev') ?? '', folders),
      { device: path, what: `attached to ${name} (losetup --detach frees it)`, system: false },
    ]),
  ];
}

/** Names of a disk, its partitions and of what is made of them, as /dev has them. */
export function deviceNames(number: string, folders: SystemFolders): string[] {
  const folder = followed(folders.sys, 'dev/block', number);
  if (folder === undefined) return [];
  const below = (at: string): string[] => [
    at.split('/').at(-1) ?? '',
    ...partitionsOf(at).flatMap((name) => below(join(at, name))),
    ...namesIn(at, 'holders').flatMap((name) => {
      const held = followed(at, 'holders', name);
      return held === undefined ? [] : below(held);
    }),
  ];
  // A device of a folder of its own has a `!` for the slash in sysfs.
  return below(folder).map((name) => name.replaceAll('!', '/'));
}

function mapperName(folder: string): string[] {
  const name = textOf(folder, 'dm/name');
  return name ? [`mapper/${name}`] : [];
}

interface Mount {
  readonly number: string;
  readonly place: string;
  readonly source: string;
}

/** Lines `36 35 98:0 /root /place options ... - type source options` (proc(5), "mountinfo"). */
function mountsOf({ proc }: SystemFolders): Mount[] {
  return (textOf(proc, 'self/mountinfo') ?? '').split('\n').flatMap((line): Mount[] => {
    const [before = '', behind = ''] = line.split(' - ');
    const [, , number, , place] = before.split(' ');
    const source = behind.split(' ')[1];
    if (number === undefined || place === undefined || source === undefined) return [];
    return [{ number, place: unescaped(place), source: unescaped(source) }];
  });
}

/** Blank, tab, line end and backslash are written as three octal digits. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
