import { expect, test } from 'vitest';
import { lineLimit } from '../../../../src/runtime/system/line-limit.ts';

test('hands on 100 lines in ten seconds, and says how many it has left out', () => {
  const heard: string[] = [];
  let time = 0;
  const hear = lineLimit((line) => void heard.push(line), { now: () => time });
  for (let count = 0; count < 5000; count++) hear(`line ${count}`);
  expect([heard.length, heard.at(-1)]).toEqual([100, 'line 99']);
  time = 10_000;
  hear('later');
  time = 20_000;
  hear('last');
  expect(heard.slice(100)).toEqual(['4900 lines were left out', 'later', 'last']);
});
