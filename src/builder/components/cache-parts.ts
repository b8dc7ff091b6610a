import { ownerPattern } from '../../host/process-owner.ts';

/** A folder of a cache (cache.ts says what it is for). */
interface CachePart {
  readonly name: string;
  /** What it has, for people. */
  readonly what: string;
  /**
   * The paths below it of what is made again where it is missing; without it, nothing there is to prune. Whatever has another name
   * is not ours: somebody may have named a folder as cache that has files of their own.
   */
  readonly own?: RegExp;
}

const hash = '[0-9a-f]{64}';
/** What a process that was killed has left of a file (`writeWhole`). */
const unfinished = '(\\.[0-9a-f-]{36}\\.tmp)?';
const documents = new RegExp(`^${hash}\\.json${unfinished}$`);

export const cacheParts: readonly CachePart[] = [
  {
    name: 'objects',
    what: 'modules and downloaded packages, by their SHA-256',
    own: new RegExp(`^[0-9a-f]{2}/[0-9a-f]{62}${unfinished}$`),
  },
  { name: 'derived', what: 'which module was made of which inputs', own: documents },
  { name: 'resolutions', what: 'what apt and npm have answered', own: documents },
  { name: 'bundles', what: 'which files a bundle of our own sources is made of', own: documents },
  { name: 'apt', what: "apt's own index", own: /^(src)?pkgcache\.bin$/ },
  {
    name: 'partial',
    what: 'downloads under way or broken off',
    // The last form is that of versions before this one.
    own: new RegExp(`^${hash}\\.(left|${ownerPattern}-[0-9a-f]{8}|[0-9]+\\.[0-9]+)$`),
  },
  { name: 'scratch', what: 'work under way' },
  { name: 'runs', what: 'a mark of each run that uses the cache' },
];
