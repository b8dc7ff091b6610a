import { originData, recipeText, showRecipe } from '../../../recipe/show.ts';
import { defineCommand } from '../../command.ts';
import { readRecipeOptions } from '../../options.ts';
import { loadNamedRecipe } from '../../recipe-input.ts';

export const command = defineCommand({
  examples: [
    ['recipe show recipes/default.yaml --origin', 'Each value with the line that set it'],
    ['recipe show recipes/default.yaml --set bank.size=64MiB', 'What one other value leads to'],
  ],
  builder: (yargs) =>
    readRecipeOptions(yargs).option('origin', {
      type: 'boolean',
      describe: 'Show for each value which file and line set it',
    }),
  dash: { recipe: 'input' },
  run: async (context, { recipe: path, set, origin }) => {
    const { recipe, origins, files } = await loadNamedRecipe(context, path, set);
    return {
      json: {
        recipe: recipeText(recipe),
        ...(origin ? { origins: originData(origins) } : {}),
        files,
      },
      text: showRecipe(recipe, origin ? origins : undefined),
    };
  },
});
