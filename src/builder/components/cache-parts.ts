/** A folder of a cache (cache.ts has their forms). */
interface CachePart {
  readonly name: string;
  /** What it has, for people. */
  readonly what: string;
  /** How deep its files lie that are all made again where they are missing; without it, it is nobody's to prune. */
  readonly depth?: number;
}

export const cacheParts: readonly CachePart[] = [
  { name: 'objects', what: 'modules and downloaded packages, by their SHA-256', depth: 2 },
  { name: 'derived', what: 'which module was made of which inputs', depth: 1 },
  { name: 'resolutions', what: 'what apt and npm have answered', depth: 1 },
  { name: 'bundles', what: 'which files a bundle of our own sources is made of', depth: 1 },
  { name: 'apt', what: "apt's own index", depth: 1 },
  { name: 'partial', what: 'downloads under way or broken off', depth: 1 },
  { name: 'scratch', what: 'work under way' },
  { name: 'runs', what: 'a mark of each run that uses the cache' },
];
