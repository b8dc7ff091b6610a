import { basename } from 'node:path';
import * as z from 'zod';
import type { ComponentRef } from './component-ref.ts';
import {
  choice,
  componentRef,
  flag,
  list,
  map,
  memberPath,
  memberRef,
  size,
  text,
} from './field.ts';
import { layerSchema } from './module-schema.ts';

const MiB = 2 ** 20;

/** FAT16 has 4085 clusters or more (FAT specification 1.03, section 3.5). */
const smallestStore = 5 * MiB;

/** A manifest lists 256 (src/bootloader/bank-manifest.ts), the packed command among them. */
const mostPackages = 255;

const name = () =>
  text('the name of a package such as ovmf', /^[a-z0-9][a-z0-9.+-]{0,31}$/).describe(
    'What the running system calls it; its version is that of the component it is from',
  );
const layer = () => layerSchema.prefault({}).describe('How its squashfs is packed');

const firmwarePackage = map({
  type: z.literal('firmware').describe('Files that virtual machines start from, as one squashfs'),
  name: name(),
  files: list(memberRef(), 'a list of files such as [deb:ovmf#usr/share/OVMF/OVMF_CODE_4M.fd]')
    .min(1, { error: 'at least one file' })
    .describe(
      'Files of packages, each at its path in its package; the version is that of the first',
    ),
  layer: layer(),
});

const toolsPackage = map({
  type: z
    .literal('tools')
    .describe('Programs that the host runs, as one squashfs with all the libraries they need'),
  name: name(),
  from: componentRef().describe('Component that holds the programs'),
  programs: list(memberPath(), 'a list of paths such as [usr/bin/swtpm]')
    .min(1, { error: 'at least one program' })
    .describe('Programs taken from it, with just the libraries they need, the C library too'),
  layer: layer(),
});

const wholePackage = map({
  type: choice(['client', 'guest-tools']).describe(
    'client: for the machines of administrators; guest-tools: for virtual machines',
  ),
  from: componentRef().describe('Component that goes into the store as it is'),
});

const expectedPackage =
  'a component such as deb:NAME, or a map such as { type: client, from: deb:NAME }';

/** What stands in `store.packages`; a component alone is one of type `guest-tools`. */
const storePackageSchema = z.union(
  [z.discriminatedUnion('type', [firmwarePackage, toolsPackage, wholePackage]), componentRef()],
  { error: expectedPackage },
);

export const storeSchema = map({
  size: size(smallestStore, 2047 * MiB, { step: MiB })
    .prefault('540MiB')
    .describe('Size of the store, FAT16; it holds the packages of both banks'),
  client: flag()
    .prefault(true)
    .describe("Puts the packed twinbank command into the store, by the bank's version"),
  packages: list(storePackageSchema, 'a list of components such as [deb:qemu-guest-agent]')
    .max(mostPackages, { error: `at most ${mostPackages} packages` })
    .superRefine((packages, context) => {
      const names = packages.map((one) => storePackageName(one));
      names.forEach((one, index) => {
        if (one !== clientName && names.indexOf(one) === index) return;
        const message =
          one === clientName
            ? `a name other than ${clientName}, which is that of store.client`
            : 'each name of a package only once';
        context.addIssue({ code: 'custom', path: [index], message, params: { found: one } });
      });
    })
    .prefault(['deb:qemu-guest-agent'])
    .describe("Packages put into the store by the bank's version: firmware, tools, guest tools"),
});

export type FirmwarePackage = z.output<typeof firmwarePackage>;
export type ToolsPackage = z.output<typeof toolsPackage>;
export type WholePackage = z.output<typeof wholePackage>;
export type StoreEntry = z.output<typeof storePackageSchema>;

/** The packed twinbank command's. */
export const clientName = 'twinbank';

/** What the running system calls a package: of one that is taken as it is, the component's name. */
export function storePackageName(entry: StoreEntry): string {
  if ('type' in entry) return 'name' in entry ? entry.name : componentName(entry.from);
  return componentName(entry);
}

function componentName(ref: ComponentRef): string {
  const name = ref.scheme === 'file' ? basename(ref.path) : ref.name.replace(/^@[^/]+\//, '');
  const plain = name.replaceAll(/[^A-Za-z0-9.+_-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  // What has no letter that a name may begin with is called a file.
  return plain.slice(0, 64) || 'file';
}
