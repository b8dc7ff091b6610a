import { type ConsoleEvent, linePrefix, lineTexts } from './console-event.ts';

/** An event as it is written: any value may be a text, such as a variable of the loader's script. */
export type WrittenEvent = ConsoleEvent extends infer Each
  ? Each extends ConsoleEvent
    ? { readonly [Key in keyof Each]: Key extends 'type' ? Each[Key] : Each[Key] | string }
    : never
  : never;

/** The line of an event, without its end. */
export function consoleLine(event: WrittenEvent): string {
  const text = consoleText(event);
  return event.type === 'panic' ? text : `${linePrefix}${text}`;
}

/** The line of an event without {@link linePrefix}, for whoever sets it before each of its lines. */
export function consoleText(event: WrittenEvent): string {
  if (event.type === 'text') return event.text;
  const values: Readonly<Record<string, unknown>> = event;
  const { needed, then, more, end } = forms[event.type];
  let text = '';
  for (const part of needed) text += written(part, values);
  text += then;
  // In the order of the line: what comes after a value that is not known is left out.
  for (const part of more) {
    if (values[part.field] === undefined) return text.trimEnd();
    text += written(part, values);
  }
  return (text + end).trimEnd();
}

/** A value with the words around it. */
interface Part {
  readonly before: string;
  readonly field: string;
  readonly after: string;
}

interface Form {
  readonly needed: readonly Part[];
  /** Words after the last value that is needed. */
  readonly then: string;
  readonly more: readonly Part[];
  /** Words after the last value. */
  readonly end: string;
}

const forms = Object.fromEntries(
  Object.entries(lineTexts).map(([type, text]) => [type, formOf(text.replace('$', ''))]),
) as Readonly<Record<keyof typeof lineTexts, Form>>;

function formOf(text: string): Form {
  const [begin = '', rest = ''] = text.split('|');
  const { parts: needed, end: then } = partsOf(begin);
  const { parts: more, end } = partsOf(rest);
  return { needed, then, more, end };
}

/** Cut at blanks, so that what stands directly after a value (`boot=9.0s`) goes with it. */
function partsOf(text: string): { parts: Part[]; end: string } {
  const parts: Part[] = [];
  let words = '';
  for (const word of text.split(/(?= )/)) {
    const [, before, field, after] = /^(.*)\{(\w+)\??\}(.*)$/.exec(word) ?? [];
    if (field === undefined) words += word;
    else {
      parts.push({ before: `${words}${before ?? ''}`, field, after: after ?? '' });
      words = '';
    }
  }
  return { parts, end: words };
}

const decimals: Readonly<Record<string, number>> = { at: 2, boot: 1 };

function written(
  { before, field, after }: Part,
  values: Readonly<Record<string, unknown>>,
): string {
  const value = values[field];
  const digits = decimals[field];
  const text =
    typeof value === 'number' && digits !== undefined
      ? value.toFixed(digits)
      : String(value ?? '-');
  return `${before}${text}${after}`;
}
