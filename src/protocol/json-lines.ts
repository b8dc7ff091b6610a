import type { Duplex } from 'node:stream';

/** Calls back for each line of JSON that arrives; text that is no JSON is passed over. */
export function onJsonLine(
  socket: Duplex,
  listener: (value: Record<string, unknown>) => void,
): void {
  let pending = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (pending + chunk).split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      const value = parse(line);
      if (value) listener(value);
    }
  });
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
