import { expect, it } from 'vitest';
import { contentOf } from '../../../src/bootloader/image-partitions.ts';
import { datastoreType, scratchType } from '../../../src/disk/datastore-partition.ts';

it.each([
  [5, 'bootbank1', scratchType, 'bank'],
  [2, 'scratch', scratchType, 'scratch'],
  [3, 'datastore', datastoreType, 'datastore'],
  // Of somebody else, and a bank's number with the type of nothing.
  [2, 'data', scratchType, scratchType],
  [6, 'bootbank2', '0FC63DAF-8483-4772-8E79-3D69D8477DE4', '0FC63DAF-8483-4772-8E79-3D69D8477DE4'],
])('partition %i, %s, of type %s is shown as %s', (number, name, type, expected) => {
  const rest = { guid: '', firstLba: 1, lastLba: 1, attributes: 0n };
  expect(contentOf({ number, name, type, ...rest })).toBe(expected);
});
