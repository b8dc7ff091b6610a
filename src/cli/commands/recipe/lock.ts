import { formatLock, parseLock } from '../../../builder/components/lock.ts';
import { usedComponents } from '../../../builder/lock-recipe.ts';
import { loadRecipe } from '../../../recipe/load.ts';
import { defineCommand } from '../../command.ts';
import { componentContext, lockPath } from '../../component-context.ts';
import { recipeOptions } from '../../options.ts';
import { openOutput } from '../../output-file.ts';

export const command = defineCommand({
  examples: [['recipe lock recipes/default.yaml', 'Write recipes/default.lock.yaml']],
  builder: (yargs) => recipeOptions(yargs),
  run: async (context, { recipe: path, set }) => {
    const { recipe } = loadRecipe(path, { set, cwd: context.cwd });
    const file = lockPath(path);
    const output = openOutput(context, file, { option: 'recipe' });
    const used = await usedComponents(recipe, await componentContext(context));
    const text = formatLock(used);
    await output.write((write) => write(text));
    const { components } = parseLock(text, file);
    const rows = components.map(({ id, version, sha256 }) => ({ id, version, sha256 }));
    return { json: { file, components: rows }, text: `${file}: ${rows.length} components` };
  },
});
