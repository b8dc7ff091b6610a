import type { Duplex } from 'node:stream';
import { lineSplitter } from './line-splitter.ts';

/** What a reader refuses of its peer, one clause: `a line of more than 1000 characters`. */
export type Refusal = (why: string) => void;

export interface JsonLinesOptions {
  /** Characters; a longer line is dropped. */
  readonly limit?: number;
  onTooLong?(): void;
  /** Hears of a line that is no JSON object; without, it is passed over. */
  onOther?: Refusal;
}

/** So deep lists and objects of a peer may be in one another: whoever writes or compares values goes down as deep as they are. */
export const mostLevels = 64;

/**
 * Calls back for each line that is a JSON object; whatever else arrives is passed over. What the listener throws ends the connection
 * and nothing else: it is the socket's error. Returns a function that drops the half line that has come: another peer goes on.
 */
export function onJsonLine(
  socket: Duplex,
  listener: (value: Record<string, unknown>) => void,
  { limit, onTooLong, onOther = () => {} }: JsonLinesOptions = {},
): () => void {
  let isHalf = false;
  const onText = (line: string): void => {
    if (isHalf) return;
    // Chunks that were read before it ended may still come.
    if (socket.destroyed) return;
    try {
      const value = asObject(parseLine(line));
      if (value) listener(value);
      else onOther('a line that is no JSON object');
    } catch (error) {
      socket.destroy(error as Error);
    }
  };
  const split = lineSplitter(onText, limit, onTooLong);
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => split(chunk));
  return () => {
    isHalf = true;
    split('\n');
    isHalf = false;
  };
}

/** The JSON of a line of a peer; undefined for what is none, or is deeper than {@link mostLevels}. */
export function parseLine(line: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return levelsFit(value) ? value : undefined;
}

/** Level by level, as a function that calls itself would be what it looks for. */
function levelsFit(value: unknown): boolean {
  let level = [value].filter(isDeep);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === mostLevels) return false;
    level = level.flatMap((one) => Object.values(one).filter(isDeep));
  }
  return true;
}

function isDeep(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The value where it is a JSON object. */
export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
