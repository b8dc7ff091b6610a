import { recipeWarnings } from '../../../builder/recipe-warnings.ts';
import { defineCommand } from '../../command.ts';
import { readRecipeOptions } from '../../options.ts';
import { loadNamedRecipe } from '../../recipe-input.ts';

export const command = defineCommand({
  examples: [
    ['recipe check recipes/default.yaml', 'All problems at once, each with its line'],
    ['recipe check - < draft.yaml', 'A text from standard input, as an editor has it'],
  ],
  builder: (yargs) => readRecipeOptions(yargs),
  dash: { recipe: 'input' },
  run: async (context, { recipe: path, set }) => {
    const { name, recipe, files } = await loadNamedRecipe(context, path, set);
    const warnings = recipeWarnings(recipe);
    for (const text of warnings) context.report({ type: 'warning', text });
    return { json: { valid: true, files, warnings }, text: `${name}: valid` };
  },
});
