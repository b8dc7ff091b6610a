import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { type CompareOptions, compareSources } from '../../../compare/compare.ts';
import { compareRecipes } from '../../../compare/compare-recipes.ts';
import { describeBundle } from '../../../compare/describe-bundle.ts';
import { describeImage } from '../../../compare/describe-image.ts';
import { describeRecipe } from '../../../compare/describe-recipe.ts';
import type { SystemSource } from '../../../compare/source.ts';
import { isRecipeName } from '../../../recipe/recipe-path.ts';
import { isBundleFile } from '../../../update/bundle/bundle-file.ts';
import { type Context, defineCommand, type Result } from '../../command.ts';
import { usageError } from '../../failure.ts';
import { setOption } from '../../options.ts';
import { shellPath } from '../../text/shell-word.ts';
import { inRange } from '../../whole-number.ts';
import { recipesJson, systemsJson } from './json.ts';
import { type DiffStyle, recipesText, systemsText } from './text.ts';

const needsSystems = ({ a }: { readonly a: string }) =>
  isRecipeName(a) ? 'two images, disks or bundles' : undefined;

export const command = defineCommand({
  examples: [
    ['diff out/twinbank-1.0.0.img out/twinbank-1.1.0.img', 'Down to the files in modules'],
    ['diff disk.img disk.img --bank 5,6', 'The two banks of one host'],
    ['diff disk.img update.tbu --brief', 'What an update would change, by the manifests'],
    ['diff recipes/default.yaml site.yaml', 'Values, and which line set each'],
  ],
  builder: (yargs) =>
    setOption(yargs)
      .positional('a', {
        type: 'string',
        demandOption: true,
        describe: 'An image, a disk, a bundle or a recipe (.yaml)',
      })
      .positional('b', {
        type: 'string',
        demandOption: true,
        describe: 'What to compare it with',
      })
      .option('bank', {
        type: 'string',
        requiresArg: true,
        defaultDescription: 'the one that boots next',
        describe: 'Compare this bank of each image; 5,6 is bank 5 of A and bank 6 of B',
      })
      .option('brief', {
        type: 'boolean',
        describe: 'Do not look into modules that changed',
      })
      .option('content', {
        type: 'boolean',
        describe: 'Show which lines differ in short texts in modules',
      })
      .option('marks', {
        type: 'boolean',
        describe: 'Count the marks of the banks, which boots and updates change',
      })
      .option('ids', { type: 'boolean', describe: 'Count GUIDs and UUIDs' })
      .option('all', { type: 'boolean', describe: 'Shorten no list' })
      .option('width', {
        type: 'number',
        requiresArg: true,
        defaultDescription: 'width of the terminal, at most 160',
        describe: 'Characters per line',
      }),
  needs: { brief: needsSystems, content: needsSystems, marks: needsSystems, ids: needsSystems },
  run: async (context, options) => {
    const { a, b, set } = options;
    const style = styleOf(context, options);
    if (isRecipeName(a) !== isRecipeName(b)) throw mixed(a, b);
    if (isRecipeName(a)) {
      if (options.bank !== undefined) throw usageError('--bank: expected an image, found recipes');
      return recipes(a, b, { cwd: context.cwd, set }, style);
    }
    if (set.length > 0) throw usageError('--set: expected two recipes, found none');
    const banks = banksOf(options.bank);
    const compare: CompareOptions = {
      ids: options.ids === true,
      marks: options.marks === true,
      files: options.brief !== true,
      texts: options.content === true,
      ...{
        temporary: context.env.TMPDIR || tmpdir(),
        report: context.report,
        signal: context.signal,
      },
    };
    return systems(context, [a, b], banks, { compare, style });
  },
});

function recipes(
  a: string,
  b: string,
  options: { cwd: string; set: readonly string[] },
  style: DiffStyle,
): Result {
  const [left, right] = [describeRecipe(a, options), describeRecipe(b, options)];
  const changes = compareRecipes(left, right);
  return {
    json: recipesJson(left, right, changes),
    text: recipesText(left, right, changes, style),
    ...(changes.length > 0 && { differs: true }),
  };
}

async function systems(
  context: Context,
  [a, b]: readonly [string, string],
  banks: readonly [number | undefined, number | undefined],
  { compare, style }: { compare: CompareOptions; style: DiffStyle },
): Promise<Result> {
  const left = await open(context, a, banks[0]);
  try {
    const right = await open(context, b, banks[1]);
    try {
      const kinds = [left.described.kind, right.described.kind];
      if (banks[0] !== undefined && !kinds.includes('image')) {
        throw usageError('--bank: expected an image, found bundles');
      }
      const found = await compareSources(left, right, compare);
      return {
        json: systemsJson(left.described, right.described, found),
        text: systemsText(left.described, right.described, found, style),
        ...(!found.equal && { differs: true }),
      };
    } finally {
      right.close();
    }
  } finally {
    left.close();
  }
}

function open(
  { cwd, report, signal }: Context,
  name: string,
  bank: number | undefined,
): Promise<SystemSource> {
  const path = resolve(cwd, name);
  const options = { report, signal, bank };
  return isBundleFile(path)
    ? describeBundle(name, path, options)
    : describeImage(name, path, options);
}

function mixed(a: string, b: string): Error {
  const recipe = isRecipeName(a) ? a : b;
  return usageError(
    `${a}, ${b}: expected two recipes, or images and bundles, found one recipe; build it first (twinbank build ${shellPath(recipe)}) and compare its image`,
  );
}

function banksOf(text: string | undefined): [number | undefined, number | undefined] {
  if (text === undefined) return [undefined, undefined];
  const [, a, b = a] = /^(0|[1-9]\d{0,2})(?:,(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  if (a !== undefined) return [Number(a), Number(b)];
  throw usageError(
    `--bank: expected a number such as 5, or two such as 5,6, found ${JSON.stringify(text)}`,
  );
}

function styleOf(
  { colors, columns }: Context,
  options: { width: number | undefined; all: boolean | undefined; ids: boolean | undefined },
): DiffStyle {
  const { width, all = false, ids = false } = options;
  if (width !== undefined) inRange('width', width, { least: 40, most: 1000 });
  return { colors, columns: width ?? Math.max(40, Math.min(columns, 160)), all, ids };
}
