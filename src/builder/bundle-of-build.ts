import { createReadStream } from 'node:fs';
import { TwinbankError } from '../diagnostics/error.ts';
import type { BundleParts, Chunks } from '../update/bundle/make-bundle.ts';
import type { PreparedImage } from './build-image.ts';

/** What a bundle of a recipe's build is made of: files of the cache. */
export function bundlePartsOfBuild({ manifests, modules, parts }: PreparedImage): BundleParts {
  return {
    manifests,
    moduleContent: ({ file }) =>
      contentOf(modules.find(({ fileName }) => fileName === file)?.path, file),
    packageContent: ({ name }) => {
      const stored = parts.store.find((file) => file.name === `packages/${name}`);
      return contentOf(stored && 'path' in stored ? stored.path : undefined, name);
    },
  };
}

function contentOf(path: string | undefined, name: string): Chunks {
  if (path !== undefined) return () => createReadStream(path, { highWaterMark: 2 ** 20 });
  throw new TwinbankError('internal', 'bundle.content', `${name}: expected it in the build`);
}
