import { resolve } from 'node:path';
import { writeWhole } from '../../../builder/components/cache.ts';
import { formatLock, parseLock } from '../../../builder/components/lock.ts';
import { usedComponents } from '../../../builder/lock-recipe.ts';
import { loadRecipe } from '../../../recipe/load.ts';
import { defineCommand } from '../../command.ts';
import { componentContext, lockPath } from '../../component-context.ts';
import { recipeOptions } from '../../options.ts';

export const command = defineCommand({
  examples: [['recipe lock recipes/default.yaml', 'Write recipes/default.lock.yaml']],
  builder: (yargs) => recipeOptions(yargs),
  run: async (context, { recipe: path, set }) => {
    const { recipe } = loadRecipe(path, { set, cwd: context.cwd });
    const used = await usedComponents(recipe, await componentContext(context));
    const file = lockPath(path);
    const text = formatLock(used);
    await writeWhole(resolve(context.cwd, file), text);
    const { components } = parseLock(text, file);
    const rows = components.map(({ id, version, sha256 }) => ({ id, version, sha256 }));
    return { json: { file, components: rows }, text: `${file}: ${rows.length} components` };
  },
});
