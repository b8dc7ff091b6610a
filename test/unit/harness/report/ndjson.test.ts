import { describe, expect, it } from 'vitest';
import { ndjsonLine, readRunEvents } from '../../../../src/harness/report/ndjson.ts';
import { errorOf } from '../../../support/error-of.ts';
import { exampleRun } from '../../../support/report/example-run.ts';

const events = exampleRun();
const text = events.map(ndjsonLine).join('');
const read = (content: string) => readRunEvents(content.split('\n'), 'run.ndjson');

describe('events as lines of JSON', () => {
  it('are read as they were written', () => {
    expect(read(text)).toEqual({ events, cut: false });
    expect(text.split('\n')).toHaveLength(events.length + 1);
  });

  it('reads events that end anywhere in the last line', () => {
    const last = ndjsonLine(events.at(-1)!);
    for (let left = 1; left < last.length - 1; left += 1) {
      const { events: found, cut } = read(text.slice(0, -1 - left));
      expect(found).toHaveLength(events.length - 1);
      expect(cut).toBe(true);
    }
    expect(read(text.slice(0, -1))).toEqual({ events, cut: false });
  });

  it('are refused for a broken line in the middle, by file and line', () => {
    const lines = text.split('\n');
    lines[2] = lines[2]!.slice(0, 20);
    const error = errorOf(() => readRunEvents(lines, 'run.ndjson'));
    expect(error).toMatchObject({ kind: 'corrupt', code: 'report.events' });
    expect(error.message).toMatch(/^run\.ndjson:3: expected an event as one line of JSON, found "/);
  });

  it('are refused for what no event is, naming the member', () => {
    const wrong = `${ndjsonLine(events[0]!)}{"type":"console","at":1,"run":"a","boot":"x","seconds":1,"text":""}\n`;
    expect(errorOf(() => read(wrong)).message).toMatch(
      /^run\.ndjson:2: expected boot: number, received string, found /,
    );
    expect(errorOf(() => read('null\n')).code).toBe('report.events');
  });

  it('refuses events of another version as that', () => {
    const other = text.replace('"schemaVersion":1', '"schemaVersion":2');
    expect(errorOf(() => read(other))).toMatchObject({ code: 'report.version' });
  });

  it('expects the begin of the run first, and once', () => {
    for (const content of ['', '\n', text.slice(text.indexOf('\n') + 1), text + text]) {
      expect(errorOf(() => read(content))).toMatchObject({ code: 'report.events' });
    }
  });

  it('passes over types and members that a newer program has', () => {
    const [first = '', ...rest] = text.split('\n');
    const newer = [`${first.slice(0, -1)},"host":"x"}`, '{"type":"weather","at":1}', ...rest];
    expect(readRunEvents(newer, 'run.ndjson').events).toEqual(events);
  });
});
