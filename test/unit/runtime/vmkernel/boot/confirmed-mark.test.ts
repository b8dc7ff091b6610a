import { join } from 'node:path';
import { expect, test } from 'vitest';
import { confirmedMark } from '../../../../../src/runtime/vmkernel/boot/confirmed-mark.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

test('is seen by whoever comes after the one that set it', () => {
  const file = join(temporaryFiles({ 'run/x': '' }), 'run/vmkd.confirmed');
  const problems: string[] = [];
  const mark = () => confirmedMark((why) => void problems.push(why), file);
  expect(mark().isSet()).toBe(false);
  mark().set();
  mark().set();
  expect(mark().isSet()).toBe(true);
  expect(problems).toEqual([]);
});

test('reports that it cannot be made', () => {
  const problems: string[] = [];
  confirmedMark((why) => void problems.push(why), '/nowhere/vmkd.confirmed').set();
  expect(problems).toEqual([
    expect.stringMatching(/^the confirmation is not noted for the next vmkd: ENOENT/),
  ]);
});
