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

interface Field {
  readonly name: string;
  readonly isNumber: boolean;
}

interface Form {
  readonly type: string;
  readonly pattern: RegExp;
  readonly fields: readonly Field[];
}

/** By the beginning of a line. */
const forms = new Map<number, Form[]>();
for (const [type, text] of Object.entries(lineTexts)) {
  const key = beginning(text, 0);
  forms.set(key, [...(forms.get(key) ?? []), { type, ...readerOf(text) }]);
}

/** A pattern that is held against a line from a place on (`y`). */
function readerOf(text: string): Omit<Form, 'type'> {
  const fields: Field[] = [];
  const source = (part: string): string =>
    part.replace(/\{(\w+)(\?)?\}/g, (_, name: string, none?: string) => {
      fields.push({ name, isNumber: name in numbers });
      return `(${numbers[name] ?? texts[name] ?? '\\S+'}${none ? '|-' : ''})`;
    });
  const [needed = '', more = ''] = text.split('|');
  const begin = source(needed);
  const parts = more === '' ? [] : more.split(/(?= )/).map(source);
  const optional = parts.reduceRight((inner, part) => `(?:${part}${inner})?`, '');
  return { pattern: new RegExp(`${begin}${optional}`, 'y'), fields };
}

/** The first two letters as one number, which is looked up more quickly than a text. */
function beginning(text: string, from: number): number {
  return (text.charCodeAt(from) << 8) | text.charCodeAt(from + 1);
}

/**
 * What a console line says, wherever in the line: a serial console puts the kernel's words before and after. Undefined
 * for whatever is neither ours nor a panic. Of several of ours in one line, the end of a line that got lost between them,
 * it is the first that is more than a text, but the loader's first words before all: they tell of a reset.
 */
export function parseConsoleLine(line: string): ConsoleEvent | undefined {
  if (line !== lastLine) {
    lastEvent = readLine(line);
    lastLine = line;
  }
  return lastEvent;
}

// Several follow one console, each of them line by line: a line is read for the first of them.
let lastLine = '';
let lastEvent: ConsoleEvent | undefined;

function readLine(line: string): ConsoleEvent | undefined {
  const first = line.indexOf(linePrefix);
  if (first < 0) return line.includes(panicText) ? parsePanic(line) : undefined;
  if (line.endsWith(loaderLine)) return { type: 'loader' };
  if (line.includes(panicText)) return parsePanic(line);
  for (let at = first; at >= 0; at = line.indexOf(linePrefix, at + 1)) {
    const event = parseFrom(line, at + linePrefix.length);
    if (event) return event;
  }
  return { type: 'text', text: line.slice(first + linePrefix.length) };
}

const loaderLine = `${linePrefix}loader`;
const [panicText = ''] = lineTexts.panic.split('|');

function parsePanic(line: string): ConsoleEvent | undefined {
  return parseFrom(line, line.indexOf(panicText));
}

function parseFrom(line: string, from: number): ConsoleEvent | undefined {
  const alike = forms.get(beginning(line, from));
  if (alike === undefined) return undefined;
  for (const form of alike) {
    form.pattern.lastIndex = from;
    const found = form.pattern.exec(line);
    if (found) return eventOf(form, found);
  }
  return undefined;
}

function eventOf({ type, fields }: Form, found: RegExpExecArray): ConsoleEvent {
  const event: Record<string, unknown> = { type };
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    const value = found[index + 1];
    if (field === undefined || value === undefined) break;
    event[field.name] = field.isNumber ? readNumber(value) : value;
  }
  // The table's fields are the union's: test/unit/protocol/console-line.test.ts holds it for every type.
  return event as unknown as ConsoleEvent;
}

function readNumber(value: string): number | null {
  return value === '-' ? null : Number(value);
}
