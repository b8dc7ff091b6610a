import {
  classAnswerForm,
  classesForm,
  enumerationForm,
  indicationsForm,
  instanceForm,
  objectForm,
  resultForm,
} from './answer-forms.ts';
import type { Enumeration, NamedInstance } from './object-manager.ts';
import type { CimInstance, CimValue } from './provider.ts';

export const usage = `usage: cim classes | class NAME | instances CLASS | get PATH | invoke PATH METHOD [NAME=VALUE]...
       cim indications [--follow]            each with --json for one JSON document`;

export interface Parsed {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly json: boolean;
  readonly follow: boolean;
}

const commands: Readonly<
  Record<string, (args: readonly string[]) => Record<string, unknown> | string>
> = {
  classes: (args) => exactly(args, [], () => ({})),
  class: (args) => exactly(args, ['NAME'], ([name]) => ({ name })),
  instances: (args) => exactly(args, ['CLASS'], ([name]) => ({ class: name })),
  get: (args) => exactly(args, ['PATH'], ([path]) => ({ path })),
  indications: (args) => exactly(args, [], () => ({})),
  invoke: ([path, method, ...pairs]) => {
    if (path === undefined || method === undefined) return 'invoke: expected PATH METHOD';
    const wrong = pairs.find((pair) => !/^\w+=/.test(pair));
    if (wrong !== undefined) return `invoke: expected NAME=VALUE, found ${wrong}`;
    const parameters = pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), jsonOrText(pair.slice(at + 1))];
    });
    return { path, method, parameters: Object.fromEntries(parameters) };
  },
};

/** What is to be asked, or why nothing can be. */
export function parseArguments(args: readonly string[]): Parsed | string {
  const options = args.filter((word) => word.startsWith('--'));
  const [name = '', ...rest] = args.filter((word) => !word.startsWith('--'));
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) return `expected a command, found ${name === '' ? 'none' : name}`;
  const unknown = options.find(
    (one) => one !== '--json' && !(one === '--follow' && name === 'indications'),
  );
  if (unknown !== undefined) return `${name}: unknown option ${unknown}`;
  const params = command(rest);
  if (typeof params === 'string') return params;
  return {
    method: name,
    params,
    json: options.includes('--json'),
    follow: options.includes('--follow'),
  };
}

function exactly(
  args: readonly string[],
  names: readonly string[],
  make: (args: readonly string[]) => Record<string, unknown>,
): Record<string, unknown> | string {
  if (args.length === names.length) return make(args);
  return `expected ${names.join(' ') || 'nothing more'}, found ${args.join(' ') || 'nothing'}`;
}

/** `5`, `true` and `["a"]` as JSON has them; anything else is text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An answer for people, or as one JSON document (a line for each page when it follows). */
export function formatAnswer({ method, json, follow }: Parsed, answer: unknown): string {
  if (json) {
    const document = { schemaVersion: 1, ...objectForm(answer, method) };
    return JSON.stringify(document, null, follow ? 0 : 2);
  }
  if (method === 'classes') return classesText(classesForm(answer, method));
  if (method === 'class') return classText(classAnswerForm(answer, method));
  if (method === 'instances') return instancesText(enumerationForm(answer, method));
  if (method === 'get') return instanceText(instanceForm(answer, method));
  if (method === 'indications') return indicationsText(indicationsForm(answer, method));
  const { returnValue, out = {} } = resultForm(answer, method);
  return [`returns ${shown(returnValue)}`, ...propertyLines(out)].join('\n');
}

function classesText({ classes, problems }: ReturnType<typeof classesForm>): string {
  const served = classes.filter(({ provider }) => provider !== null);
  const lines = served.map(
    ({ name, provider, description }) =>
      `${name.padEnd(28)} ${(provider ?? '').padEnd(20)} ${description}`,
  );
  return [...lines, ...problems].join('\n');
}

function classText({
  name,
  superclasses,
  provider,
  description,
  properties,
  methods = {},
}: ReturnType<typeof classAnswerForm>): string {
  const lines = Object.entries(properties).map(
    ([property, { type, array, key, units }]) =>
      `  ${key ? '*' : ' '} ${property.padEnd(28)} ${type}${array ? '[]' : ''}${units ? `  ${units}` : ''}`,
  );
  const calls = Object.entries(methods).map(([method, { parameters, returns }]) => {
    const list = Object.entries(parameters).map(
      ([parameter, { type, direction = 'in' }]) => `${direction} ${type} ${parameter}`,
    );
    return `    ${returns} ${method}(${list.join(', ')})`;
  });
  const head = [name, ...superclasses].join(' : ');
  return [
    head,
    `${description}${provider ? `; of ${provider}` : ''}; * is a key`,
    ...lines,
    ...calls,
  ].join('\n');
}

function instancesText({ instances, problems }: Enumeration): string {
  const failed = problems.map(
    ({ provider, className, message }) => `! ${className} of ${provider}: ${message}`,
  );
  const lines = [...instances.map(instanceText), ...failed];
  return lines.length > 0 ? lines.join('\n') : 'no instances';
}

function instanceText({ path, properties }: NamedInstance): string {
  return [path, ...propertyLines(properties)].join('\n');
}

function indicationsText({ indications, lost }: ReturnType<typeof indicationsForm>): string {
  const lines = indications.map(({ className, properties }) => {
    const { IndicationTime, PerceivedSeverity, Message, Description } = properties;
    const what = shown(Message ?? Description ?? null);
    return `${shown(IndicationTime ?? null)} ${className} severity=${shown(PerceivedSeverity ?? null)} ${what}`;
  });
  return [...(lost > 0 ? [`(${lost} older ones are gone)`] : []), ...lines].join('\n');
}

function propertyLines(properties: CimInstance): string[] {
  return Object.entries(properties).map(([name, value]) => `  ${name.padEnd(28)} ${shown(value)}`);
}

/** Values come from hardware: what would drive a terminal is shown as it is written in JSON. */
function shown(value: CimValue): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /\p{C}/u.test(value) ? JSON.stringify(value).replaceAll(/[\x7f-\x9f]/g, '?') : value;
}
