/** What modules bring that those above them need not bring again. */
export interface ModulesBelow {
  /** Names of modules by the sonames of their libraries, where every program finds them. */
  readonly libraries: ReadonlyMap<string, string>;
  /** Paths of programs that can run scripts: `usr/bin/sh`. */
  readonly programs: ReadonlySet<string>;
}

/** What stands on its own has nothing below it. */
export const nothingBelow: ModulesBelow = { libraries: new Map(), programs: new Set() };

/** The libraries that one module takes from another. */
export interface UsedModule {
  readonly module: string;
  /** Sonames, in order. */
  readonly libraries: readonly string[];
}

/** What modules of a plan bring, in the order in which they are stacked: of a library that two have, the first counts. */
export function modulesBelow(
  plans: readonly { name: string; sonames: readonly string[]; programs?: readonly string[] }[],
): ModulesBelow {
  const libraries = new Map<string, string>();
  for (const { name, sonames } of plans) {
    for (const soname of sonames) if (!libraries.has(soname)) libraries.set(soname, name);
  }
  return { libraries, programs: new Set(plans.flatMap(({ programs = [] }) => programs)) };
}

/** Which modules these libraries are taken from, by name. */
export function usedModules(sonames: readonly string[], below: ModulesBelow): UsedModule[] {
  const used = new Map<string, string[]>();
  for (const soname of sonames) {
    const module = below.libraries.get(soname);
    if (module !== undefined) used.set(module, [...(used.get(module) ?? []), soname]);
  }
  return [...used]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([module, libraries]) => ({ module, libraries }));
}
