import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { devicePlace } from '../../system/device-place.ts';
import { namesIn, textOf } from '../../system/sys-files.ts';
import { adapterPath, diskAddress } from './disk-address.ts';

/** What the kernel tells of a disk, without touching it. */
export interface DiskFacts {
  /** The kernel's name of it, such as `vdb`; another disk may have it after a reboot. */
  readonly device: string;
  /** The place of the controller that it is behind: `pci0000:00/03.0`. */
  readonly adapter: string;
  /** At that controller: `C0:T1:L0`. */
  readonly address: string;
  readonly bytes: number;
  /** Bytes of a logical sector. */
  readonly sectorBytes: number;
  /** What follows may be empty. */
  readonly vendor: string;
  readonly model: string;
  readonly serial: string;
  /** A name that no other disk in the world has: `naa.…`, `eui.…`, `uuid.…`. */
  readonly worldWideName: string;
  readonly isRemovable: boolean;
  readonly isReadOnly: boolean;
  /** By which other hosts reach it, too: `Fibre Channel`, `iSCSI`; undefined for a local disk. */
  readonly network: string | undefined;
  /** Devices that are made of it or of its partitions (device mapper, RAID). */
  readonly holders: readonly string[];
  readonly partitions: readonly { readonly number: number; readonly device: string }[];
  /** Tells a disk from one that had its name before; without it in old kernels. */
  readonly sequence: string;
}

/** Parts of other disks, memory, and drives of discs and floppies. */
const noDisk = /^(loop|ram|zram|sr|fd|dm-|md|nbd|zd)/;

/** Every disk of the kernel in the order of their paths; one that goes away meanwhile is passed over. */
export function findDisks(sys = '/sys'): DiskFacts[] {
  return namesIn(`${sys}/block`)
    .filter((name) => !noDisk.test(name))
    .flatMap((name) => {
      const facts = readDisk(sys, name);
      return facts ? [facts] : [];
    })
    .sort((a, b) => compare(a.adapter, b.adapter) || compare(a.address, b.address));
}

function readDisk(sys: string, device: string): DiskFacts | undefined {
  const folder = `${sys}/block/${device}`;
  const path = placeOf(sys, folder);
  if (path === undefined) return undefined;
  const one = (file: string): string => textOf(join(folder, file));
  const partitions = namesIn(folder).flatMap((name) => {
    const number = Number(one(`${name}/partition`));
    return number > 0 ? [{ number, device: name }] : [];
  });
  const holding = ['', ...partitions.map((partition) => partition.device)];
  return {
    device,
    adapter: devicePlace(adapterPath(path)),
    address: diskAddress(path, {
      port: textOf(`${sys}/devices/${portFolder(path)}/port_no`),
      namespace: one('nsid'),
    }),
    // The kernel counts this file in units of 512 bytes, whatever the disk's own sectors are.
    bytes: Number(one('size')) * 512,
    sectorBytes: Number(one('queue/logical_block_size')) || 512,
    vendor: printable(one('device/vendor')).replace(/^0x.*/, ''),
    model: printable(one('device/model')),
    serial: printable(one('serial') || one('device/serial') || unitSerial(folder)),
    worldWideName: worldWideName([one('wwid'), one('device/wwid')]),
    // A disk on USB goes with whoever pulls it, though only sticks say so themselves.
    isRemovable: one('removable') === '1' || /\/usb\d/.test(path),
    isReadOnly: one('ro') === '1',
    network: networkOf(sys, path),
    holders: holding.flatMap((name) => namesIn(join(folder, name, 'holders'))),
    partitions,
    sequence: one('diskseq'),
  };
}

/** The disk's place below `/sys/devices`. A namespace that several controllers may have is looked for at the first of them. */
function placeOf(sys: string, folder: string): string | undefined {
  try {
    const real = realpathSync(folder);
    if (!real.includes('/virtual/nvme-subsystem/')) return real.slice(`${sys}/devices/`.length);
    const subsystem = realpathSync(`${folder}/device`);
    const [controller] = namesIn(subsystem).filter((name) => /^nvme\d+$/.test(name));
    const path = realpathSync(`${subsystem}/${controller}`).slice(`${sys}/devices/`.length);
    return `${path}/${real.slice(real.lastIndexOf('/') + 1)}`;
  } catch {
    return undefined;
  }
}

/** Of libata: `…/ata3/ata_port/ata3`, which knows the port's number at its controller. */
function portFolder(path: string): string {
  const [before, port] = /^(.*?)\/(ata\d+)\//.exec(path)?.slice(1) ?? [];
  return port === undefined ? 'none' : `${before}/${port}/ata_port/${port}`;
}

/** SCSI's page of the serial number (SPC-4 7.8.15): four bytes of header, then text. */
function unitSerial(folder: string): string {
  try {
    return readFileSync(`${folder}/device/vpd_pg80`).subarray(4).toString('latin1');
  } catch {
    return '';
  }
}

function worldWideName(names: readonly string[]): string {
  return names.find((name) => /^(naa|eui|uuid)\.[0-9A-Za-z-]+$/.test(name)) ?? '';
}

function networkOf(sys: string, path: string): string | undefined {
  const host = /\/(host\d+)\//.exec(path)?.[1];
  if (host === undefined) return undefined;
  if (namesIn(`${sys}/class/fc_host`).includes(host)) return 'Fibre Channel';
  return namesIn(`${sys}/class/iscsi_host`).includes(host) ? 'iSCSI' : undefined;
}

/** Whatever a disk says of itself goes to consoles. */
function printable(text: string): string {
  return text
    .replace(/[^ -~]/g, '')
    .replace(/ +/g, ' ')
    .trim();
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
