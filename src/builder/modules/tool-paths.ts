import type { MemberRef } from '../../recipe/component-ref.ts';
import type { ResolvedRecipe } from '../../recipe/schema.ts';
import { imagePath } from './data-files.ts';

/** Where the image has what the recipe's tools name, in order: busybox, which answers to many names, leaves them these. */
export function toolPaths({ modules }: Pick<ResolvedRecipe, 'modules'>): string[] {
  const paths = Object.values(modules).flatMap((module) =>
    module.type === 'tools' ? [...module.programs, ...module.data].flatMap(memberPath) : [],
  );
  return [...new Set(paths)].sort();
}

function memberPath(ref: MemberRef): string[] {
  return 'member' in ref ? [imagePath(ref.member)] : [];
}
