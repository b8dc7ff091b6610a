import { consoleLine, type WrittenEvent } from '../protocol/console-line.ts';
import type { LoaderEvent } from './selection.ts';

/**
 * The console line of an event, the very words that GRUB's script prints, so that a transcript of a
 * simulated boot and one from a serial line can be compared and read by the same program.
 */
export function loaderLine(event: LoaderEvent): string {
  return consoleLine(consoleEvent(event));
}

function consoleEvent(event: LoaderEvent): WrittenEvent {
  if (event.type === 'rescue') return event;
  if (event.type === 'rollback-refused') return event;
  const { partition: bank } = event;
  switch (event.type) {
    case 'bank': {
      const { state, cfg } = event;
      if (!cfg) return { type: 'bank', bank, state };
      const { attempts, verdict, updated, build } = cfg;
      return { type: 'bank', bank, state, attempts, verdict, updated, build };
    }
    case 'write':
      return event.sticks
        ? { type: 'marks-written', bank, ...event.marks }
        : { type: 'marks-not-written', bank };
    case 'verify':
      return { type: 'verifying', bank };
    case 'refuse':
      return { type: 'refused', bank, reason: event.reason };
    case 'boot':
      return { type: 'booting', bank, build: event.build };
  }
}
