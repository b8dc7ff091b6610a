import type { Duplex } from 'node:stream';
import { lineSplitter } from './line-splitter.ts';

export interface JsonLinesOptions {
  /** Characters; a longer line is dropped. */
  readonly limit?: number;
  onTooLong?(): void;
}

/** Calls back for each line that is a JSON object; whatever else arrives is passed over. */
export function onJsonLine(
  socket: Duplex,
  listener: (value: Record<string, unknown>) => void,
  { limit, onTooLong }: JsonLinesOptions = {},
): void {
  const onText = (line: string): void => {
    const value = parseObject(line);
    if (value) listener(value);
  };
  const split = lineSplitter(onText, limit, onTooLong);
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => split(chunk));
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return asObject(value);
  } catch {
    return undefined;
  }
}

/** The value where it is a JSON object. */
export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
