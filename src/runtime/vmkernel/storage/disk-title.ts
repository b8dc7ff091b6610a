import type { DiskFacts } from './disk-facts.ts';

const units = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
] as const;

/** A disk for people: `vmhba1:C0:T0:L0 (/dev/vdb, 9.0 GiB)`. */
export function diskTitle(name: string, { device, bytes }: DiskFacts): string {
  return `${name} (/dev/${device}, ${sizeText(bytes)})`;
}

export function sizeText(bytes: number): string {
  const [unit, size] = units.find(([, least]) => bytes >= least) ?? ['KiB', 1024];
  return `${(bytes / size).toFixed(1)} ${unit}`;
}
