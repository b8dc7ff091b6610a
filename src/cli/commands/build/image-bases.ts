import type { ComponentContext } from '../../../builder/components/component.ts';
import { type ImageBase, imageBase } from '../../../builder/image-base.ts';
import type { ResolvedRecipe } from '../../../recipe/schema.ts';
import type { Context } from '../../command.ts';
import { componentContext } from '../../component-context.ts';
import type { OrderedImage } from './image-orders.ts';

interface Shared {
  readonly components: ComponentContext;
  readonly base: ImageBase;
}

/**
 * What the images of one recipe share. It is let go with the last of them, as it may hold all of a kernel's
 * modules.
 */
export function sharedBases(
  context: Context,
  images: readonly OrderedImage[],
  { locked, trustOem }: { readonly locked: boolean; readonly trustOem: boolean | undefined },
) {
  const left = new Map<string, number>();
  for (const { recipe } of images) left.set(recipe, (left.get(recipe) ?? 0) + 1);
  const known = new Map<string, Promise<Shared>>();
  let first: ComponentContext | undefined;
  const make = async (recipe: string, resolved: ResolvedRecipe): Promise<Shared> => {
    const own = await componentContext(context, {
      lockedRecipe: locked ? recipe : undefined,
      trustOem,
    });
    first ??= own;
    // One cache for all, which knows what is being made already.
    const components = { ...own, cache: first.cache };
    return { components, base: imageBase(resolved, components) };
  };
  return (recipe: string, resolved: ResolvedRecipe): Promise<Shared> => {
    const shared = known.get(recipe) ?? make(recipe, resolved);
    known.set(recipe, shared);
    left.set(recipe, (left.get(recipe) ?? 0) - 1);
    if (left.get(recipe) === 0) known.delete(recipe);
    return shared;
  };
}
