import type { Resolved } from './components/component.ts';

/** What a package of the store is, as the manifest of its build has it. */
interface PackageFacts {
  /** What the running system calls it: `ovmf`. */
  readonly id: string;
  readonly type: 'firmware' | 'tools' | 'guest-tools' | 'client';
  readonly version: string;
  /** Of its file, below `packages/`. */
  readonly name: string;
}

/** A package whose bytes are in the cache. */
export interface BuiltPackage extends PackageFacts {
  readonly bytes: number;
  readonly sha256: string;
  readonly path: string;
}

/** A package before it is made; nothing is fetched yet but what a plan must look into. */
export interface StorePackagePlan {
  /** All that it is made of, and those that only have its licences: for the lock. */
  readonly components: readonly Resolved[];
  build(): Promise<BuiltPackage>;
}

/** A text as a file of the store may be called: a colon of a version cannot stand in FAT. */
export function plainName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.+~_-]/g, '-');
}
