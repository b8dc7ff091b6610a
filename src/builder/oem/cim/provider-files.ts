import type { FileTree } from '../../components/file-tree.ts';
import type { ProviderSchemas } from './describe-provider.ts';

/** The version of the interface that providers are built for (src/runtime/agents/cim/provider.ts). */
export const cimApi = 1;

/** What a class is called among what modules provide: names of classes are the same in upper and lower case. */
export function cimClass(name: string): string {
  return `cim-class-${name.toLowerCase()}`;
}

/** What else the running system is told of a provider. */
interface ProviderGrants {
  readonly programs: Readonly<
    Record<string, { readonly path: string; readonly libraries: string }>
  >;
  readonly writes: readonly string[];
  readonly devices: readonly string[];
}

/** The two files of a provider in a layer: the bundle, and what is known of it without running it. */
export function providerFiles(
  origin: string,
  name: string,
  data: Uint8Array,
  { classes, monitors }: ProviderSchemas,
  grants: ProviderGrants,
): FileTree {
  const place = `usr/lib/twinbank/cim/${origin}/${name}`;
  const description = { schemaVersion: 1, origin, name, api: cimApi, monitors, ...grants, classes };
  const text = Buffer.from(`${JSON.stringify(description)}\n`);
  return new Map([
    [`${place}.mjs`, { type: 'file', mode: 0o644, data }],
    [`${place}.json`, { type: 'file', mode: 0o644, data: text }],
  ]);
}
