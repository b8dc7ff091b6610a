import { expect, test } from 'vitest';
import { messageSplitter } from '../../../../../src/runtime/agents/syslog/local-clients.ts';

test('P5: cuts a stream by NULs and line feeds, wherever its chunks end', () => {
  const stream = Buffer.from('<13>one\0<13>zwölf\n\0\n<13>three');
  for (let size = 1; size <= stream.length; size++) {
    const heard: string[] = [];
    const { hear, end } = messageSplitter((text) => void heard.push(text));
    for (let at = 0; at < stream.length; at += size) hear(stream.subarray(at, at + size));
    expect(heard).toEqual(['<13>one', '<13>zwölf']);
    end();
    expect(heard).toEqual(['<13>one', '<13>zwölf', '<13>three']);
  }
});

test('P5: cuts what is too long, and goes on after it', () => {
  const heard: string[] = [];
  const { hear } = messageSplitter((text) => void heard.push(text), 4);
  for (let count = 0; count < 10; count++) hear(Buffer.from('abc'));
  hear(Buffer.from('d\nnext\n'));
  expect(heard).toEqual(['abca', 'next']);
});
