import { TwinbankError } from '../../diagnostics/error.ts';
import { quote } from '../../diagnostics/quote.ts';
import { knownTypes, runEventSchema } from './event-schema.ts';
import type { RunEvent } from './run-event.ts';

/** An event as one line, with its line end. */
export function ndjsonLine(event: RunEvent): string {
  return `${JSON.stringify(event)}\n`;
}

export interface ReadEvents {
  readonly events: readonly RunEvent[];
  /** The last line is only half there: whoever wrote it was ended while writing. */
  readonly cut: boolean;
}

/**
 * Reads a stream of events from its lines, without line ends; an empty last one is what follows the last line end. `name` is
 * the file's. Throws kind `corrupt` with file and line: `report.events` for a line that is no event, for a first one that is
 * not `run-begin`, and for a second run in one file; `report.version` for a stream of another version. Only the last line may
 * be incomplete. Types of events that this program does not know are passed over.
 */
export function readRunEvents(lines: readonly string[], name: string): ReadEvents {
  const events: RunEvent[] = [];
  const whole = lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  for (const [index, line] of whole.entries()) {
    const place = `${name}:${index + 1}`;
    const value = parseJson(line);
    if (value === undefined) {
      // Without its line end, it may have been the crash.
      if (index === lines.length - 1 && index > 0) return { events, cut: true };
      throw bad(place, 'an event as one line of JSON', quote(line));
    }
    const event = toEvent(value, place);
    if (!event) continue;
    if ((event.type === 'run-begin') !== (events.length === 0)) {
      throw bad(place, events.length === 0 ? 'run-begin' : 'one run in a file', event.type);
    }
    events.push(event);
  }
  if (events.length === 0) throw bad(`${name}:1`, 'run-begin', 'nothing');
  return { events, cut: false };
}

function toEvent(value: unknown, place: string): RunEvent | undefined {
  const { type, schemaVersion } = (value ?? {}) as Record<string, unknown>;
  if (typeof type === 'string' && !knownTypes.has(type)) return undefined;
  if (type === 'run-begin' && typeof schemaVersion === 'number' && schemaVersion !== 1) {
    throw new TwinbankError(
      'corrupt',
      'report.version',
      `${place}: expected events of version 1, found version ${schemaVersion}; use the twinbank that wrote them, or a newer one`,
    );
  }
  const parsed = runEventSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const what = issue?.message.replace(/^Invalid input: expected /, '') ?? 'an event';
  throw bad(place, `${issue?.path.join('.') || 'event'}: ${what}`, quote(JSON.stringify(value)));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function bad(place: string, expected: string, found: string): TwinbankError {
  return new TwinbankError(
    'corrupt',
    'report.events',
    `${place}: expected ${expected}, found ${found}`,
  );
}
