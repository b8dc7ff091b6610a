import { type ConsoleEvent, linePrefix, lineTexts } from './console-event.ts';

const digits = '\\d+';
const decimal = '\\d+(?:\\.\\d+)?';
const rest = '.*';
/** How the values look that are numbers, and those that are texts; one that is not here goes on to the next blank. */
const numbers: Readonly<Record<string, string>> = {
  bank: digits,
  from: digits,
  to: digits,
  bootstate: '\\d',
  attempts: '\\d',
  updated: digits,
  seconds: digits,
  at: decimal,
  boot: decimal,
};
const texts: Readonly<Record<string, string>> = {
  state: '[A-Z]+',
  verdict: '\\S',
  key: '\\d',
  stage: '\\w+',
  reason: rest,
  about: rest,
  detail: rest,
  why: rest,
};

interface Form {
  readonly type: string;
  readonly pattern: RegExp;
  readonly fields: readonly string[];
}

/** By the first word of a line. */
const forms = new Map<string, Form[]>();
for (const [type, text] of Object.entries(lineTexts)) {
  const word = firstWord(text);
  forms.set(word, [...(forms.get(word) ?? []), { type, ...readerOf(text) }]);
}

function readerOf(text: string): Omit<Form, 'type'> {
  const fields: string[] = [];
  const source = (part: string): string =>
    part.replace(/\{(\w+)(\?)?\}/g, (_, field: string, none?: string) => {
      fields.push(field);
      return `(${numbers[field] ?? texts[field] ?? '\\S+'}${none ? '|-' : ''})`;
    });
  const [needed = '', more = ''] = text.split('|');
  const begin = source(needed);
  const parts = more === '' ? [] : more.split(/(?= )/).map(source);
  const optional = parts.reduceRight((inner, part) => `(?:${part}${inner})?`, '');
  return { pattern: new RegExp(`^${begin}${optional}`), fields };
}

function firstWord(text: string): string {
  return /^\w*/.exec(text)?.[0] ?? '';
}

/**
 * What a console line says, wherever in the line: a serial console puts the kernel's words before and after. Undefined
 * for whatever is neither ours nor a panic. Of several of ours in one line, the end of a line that got lost between them,
 * it is the first that is more than a text, but the loader's first words before all: they tell of a reset.
 */
export function parseConsoleLine(line: string): ConsoleEvent | undefined {
  const first = line.indexOf(linePrefix);
  if (first < 0) return line.includes(panicText) ? parsePanic(line) : undefined;
  if (line.endsWith(loaderLine)) return { type: 'loader' };
  if (line.includes(panicText)) return parsePanic(line);
  for (let at = first; at >= 0; at = line.indexOf(linePrefix, at + 1)) {
    const event = parseText(line.slice(at + linePrefix.length));
    if (event) return event;
  }
  return { type: 'text', text: line.slice(first + linePrefix.length) };
}

const loaderLine = `${linePrefix}loader`;
const panicText = 'Kernel panic - not syncing';

function parsePanic(line: string): ConsoleEvent | undefined {
  return parseText(line.slice(line.indexOf(panicText)));
}

function parseText(text: string): ConsoleEvent | undefined {
  for (const { type, pattern, fields } of forms.get(firstWord(text)) ?? []) {
    const found = pattern.exec(text);
    if (!found) continue;
    const event: Record<string, unknown> = { type };
    for (const [index, field] of fields.entries()) {
      const value = found[index + 1];
      if (value !== undefined) event[field] = readValue(field, value);
    }
    // The table's fields are the union's: test/unit/protocol/console-line.test.ts holds it for every type.
    return event as unknown as ConsoleEvent;
  }
  return undefined;
}

function readValue(field: string, value: string): string | number | null {
  if (!(field in numbers)) return value;
  return value === '-' ? null : Number(value);
}
