import { pack } from 'tar-stream';
import { addBytes } from '../../../../src/builder/components/cache.ts';
import type { ComponentContext, Resolved } from '../../../../src/builder/components/component.ts';
import { packAr } from '../components/pack-ar.ts';
import { emptyContext } from '../components/surroundings.ts';

/** A file of a package: its mode, or the target of a link. */
export type DebEntry =
  | { readonly data: Uint8Array; readonly mode?: number }
  | { readonly target: string };
export type DebFiles = Readonly<Record<string, DebEntry>>;

/** A lock and a cache of just these packages, by name, all of version 1: nothing else can be had. */
export async function contextOf(
  packages: Readonly<Record<string, DebFiles>>,
): Promise<ComponentContext> {
  const { context } = emptyContext();
  const components: Resolved[] = [];
  for (const [name, files] of Object.entries(packages)) {
    const { sha256, bytes } = await addBytes(context.cache, await debFile(files));
    components.push({
      ...{ id: `deb:${name}`, scheme: 'deb', name, version: '1', architecture: 'amd64' },
      ...{ sha256, bytes },
    });
  }
  return { ...context, lock: { schemaVersion: 1, components } };
}

/** A Debian package (deb(5)) of these files alone, uncompressed. */
async function debFile(files: DebFiles): Promise<Uint8Array> {
  const archive = pack();
  const mtime = new Date(0);
  for (const [name, entry] of Object.entries(files)) {
    if ('target' in entry) archive.entry({ name, mtime, type: 'symlink', linkname: entry.target });
    else archive.entry({ name, mtime, mode: entry.mode ?? 0o755 }, Buffer.from(entry.data));
  }
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive) parts.push(part as Uint8Array);
  return packAr([
    { name: 'debian-binary', data: Buffer.from('2.0\n') },
    { name: 'control.tar', data: Buffer.alloc(1024) },
    { name: 'data.tar', data: Buffer.concat(parts) },
  ]);
}

/** ELF64 of x86-64 with one segment at address 0 and a dynamic section: libraries it links, and its own name. */
export function linkedFile(
  links: readonly string[],
  { soname, program = soname === undefined }: { soname?: string; program?: boolean } = {},
): Uint8Array {
  const interpreter = '/lib64/ld-linux-x86-64.so.2';
  const names = ['', ...links, ...(soname === undefined ? [] : [soname]), interpreter];
  const strings = Buffer.from(`${names.join('\0')}\0`);
  const at = (name: string): bigint => BigInt(strings.indexOf(`\0${name}\0`) + 1);
  const stringsAt = 0x200;
  const rows: [bigint, bigint][] = [
    ...links.map((name): [bigint, bigint] => [1n, at(name)]),
    ...(soname === undefined ? [] : ([[14n, at(soname)]] as [bigint, bigint][])),
    [5n, BigInt(stringsAt)],
    [0n, 0n],
  ];
  const dynamicAt = stringsAt + strings.length;
  const file = Buffer.alloc(dynamicAt + 16 * rows.length);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(program ? 3 : 2, 56);
  const segments: [number, number, number][] = [
    [1, 0, file.length],
    [2, dynamicAt, 16 * rows.length],
    [3, stringsAt + Number(at(interpreter)), interpreter.length + 1],
  ];
  segments.forEach(([type, offset, size], index) => {
    const header = 64 + 56 * index;
    file.writeUInt32LE(type, header);
    file.writeBigUInt64LE(BigInt(offset), header + 8);
    file.writeBigUInt64LE(BigInt(offset), header + 16);
    file.writeBigUInt64LE(BigInt(size), header + 32);
  });
  strings.copy(file, stringsAt);
  rows.forEach(([tag, value], index) => {
    file.writeBigInt64LE(tag, dynamicAt + 16 * index);
    file.writeBigUInt64LE(value, dynamicAt + 16 * index + 8);
  });
  return file;
}
