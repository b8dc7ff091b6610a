import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Described, declaredBy, type ListedCommand } from '../../../src/cli/declared.ts';
import { exampleLine } from '../../../src/cli/parse.ts';
import { markdownTable } from '../../support/generated-page.ts';

export function commandTable(listed: readonly ListedCommand[]): string {
  return markdownTable(
    ['command', 'what it does'],
    listed.map(({ name, usage, row }) => [
      `[\`${cell(usage)}\`](#${name.replaceAll(' ', '-')})`,
      cell(row.describe),
    ]),
  );
}

/** A section of the page: usage, arguments, options, examples. */
export async function commandSection({ name, usage, row }: ListedCommand): Promise<string> {
  const { command } = await row.load();
  const { positionals, options } = declaredBy(command);
  const more = row.page === undefined ? '' : ` More: ${pageLink(row.page)}.`;
  const examples = command.examples.map(
    ([line, meaning]) => `# ${meaning}\n${exampleLine(line, 'twinbank')}`,
  );
  return [
    `### ${name}`,
    `\`twinbank ${usage}\``,
    `${text(row.describe)}.${more}`,
    ...(positionals.length > 0
      ? [markdownTable(['argument', 'meaning'], positionals.map(positionalRow))]
      : []),
    ...(options.length > 0 ? [optionTable(options)] : []),
    ...(examples.length > 0 ? [`\`\`\`sh\n${examples.join('\n')}\n\`\`\``] : []),
  ].join('\n\n');
}

export function optionTable(options: readonly (readonly [string, Described])[]): string {
  return markdownTable(['option', 'default', 'meaning'], options.map(optionRow));
}

const dashes = (name: string): string => `${name.length === 1 ? '-' : '--'}${name}`;

function positionalRow([name, settings]: readonly [string, Described]): string[] {
  const choices = settings.choices?.join(', ');
  const rest = [
    ...(choices === undefined ? [] : [`one of ${choices}`]),
    ...(settings.default === undefined ? [] : defaultOf(settings).map((it) => `default ${it}`)),
  ];
  const suffix = rest.length === 0 ? '' : ` (${rest.join('; ')})`;
  return [`\`${name}\``, `${cell(settings.describe ?? '')}${suffix}`];
}

function optionRow([name, settings]: readonly [string, Described]): string[] {
  const alias = settings.alias === undefined ? '' : `, \`${dashes(`${settings.alias}`)}\``;
  const value = valueName(settings);
  return [
    `\`--${name}${value === '' ? '' : ` ${cell(value)}`}\`${alias}`,
    defaultOf(settings).join(''),
    cell(settings.describe ?? ''),
  ];
}

function valueName({ choices, type }: Described): string {
  if (choices !== undefined) return choices.join('|');
  if (type === 'boolean') return '';
  return type === 'number' ? 'N' : 'VALUE';
}

/** At most one text; none for a switch that is off. */
function defaultOf(settings: Described): string[] {
  if (settings.demandOption === true) return ['required'];
  if (settings.defaultDescription !== undefined) return [cell(settings.defaultDescription)];
  const value: unknown = settings.default;
  if (value === undefined || value === false) return [];
  return Array.isArray(value) ? [] : [`\`${value}\``];
}

/** `flash.md` as a link that says the page's title, `updates.md#keys` as one with the section's. */
function pageLink(page: string): string {
  const [file = '', anchor] = page.split('#');
  const lines = readFileSync(resolve(import.meta.dirname, '../../../docs', file), 'utf8').split(
    '\n',
  );
  const headings = lines
    .filter((line) => /^#+ /.test(line))
    .map((line) => line.replace(/^#+ /, ''));
  const [title] = headings.filter((heading) => anchor === undefined || slug(heading) === anchor);
  if (title === undefined) throw new Error(`no such heading: ${page}`);
  return `[${title}](${page})`;
}

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

const text = (source: string): string => source.replaceAll('<', '&lt;');

/** One line in a table; a list of names with their meanings gets a line break before each. */
function cell(source: string): string {
  const lines = source.split('\n').map((line, index) => {
    const [head = '', ...meaning] = line.trim().split(/\s{2,}/);
    return index > 0 && meaning.length > 0 ? `\`${head}\` ${meaning.join(' ')}` : line.trim();
  });
  return lines.join('<br>').replaceAll('|', '\\|');
}
