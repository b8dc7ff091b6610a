import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ndjsonLine } from '../../../../src/harness/report/ndjson.ts';
import { packState } from '../../../../src/state/archive.ts';
import { filesOfSettings } from '../../../../src/state/settings.ts';
import { encodeSlot, slotNames } from '../../../../src/state/slot.ts';
import { holdForeignLock } from '../../../support/foreign-lock.ts';
import { exampleRun } from '../../../support/report/example-run.ts';
import { smallImage } from '../../bootloader/small-image.ts';
import { baseOf, sign } from '../../update/manifests.ts';
import { updateFixture } from '../update-fixture.ts';

const { at, run, read, image, bundle } = updateFixture();

let letGo: () => void;
beforeAll(async () => {
  image('disk.img', smallImage());
  image('new.img', smallImage());
  const changed = smallImage();
  const state = {
    generation: 3,
    schema: 1,
    content: packState(filesOfSettings({ hostname: 'a' })),
  };
  changed.edit(5, (volume) => volume.overwrite(slotNames[0]!, 0, encodeSlot(state)));
  image('changed.img', changed);
  writeFileSync(at('run.ndjson'), exampleRun().map(ndjsonLine).join(''));
  await bundle('new.tbu', [sign(baseOf({ version: '2.0' }))]);
  writeFileSync(at('state.tgz'), packState(filesOfSettings({ hostname: 'rig-7' })));
  letGo = await holdForeignLock(at('disk.img'));
});
afterAll(() => letGo());

describe('a disk that another program has open with a lock, as a virtual machine has', () => {
  it.each([
    ['bank', 'disk.img', 'rollback'],
    ['bank', 'disk.img', 'confirm'],
    ['update', 'disk.img', 'new.tbu'],
    ['state', 'restore', 'disk.img', 'state.tgz'],
    ['boot', 'disk.img', '--write', '--engine', 'sim'],
    ['boot', 'disk.img', '--write'],
    ['flash', 'new.img', 'disk.img', '--yes'],
    ['bundle', 'new.img', '--out', 'disk.img'],
    ['state', 'backup', 'changed.img', 'disk.img', '--yes'],
    ['report', 'run.ndjson', '--junit', 'disk.img'],
    ['report', 'run.ndjson', '--html', 'disk.img'],
    ['recipe', 'schema', '--out', 'disk.img'],
  ])('is written by no command: %s %s %s', async (...argv) => {
    const before = read('disk.img');
    const { code, stderr } = await run([...argv, '-q']);
    expect([code, stderr]).toEqual([
      8,
      expect.stringMatching(
        /^twinbank: \S*disk\.img: expected a disk file that nobody uses, found a lock on it: [^\n]+\n$/,
      ),
    ]);
    expect(read('disk.img').equals(before)).toBe(true);
  });

  it('is read by others', async () => {
    expect((await run(['bank', 'disk.img', '-q'])).code).toBe(0);
    expect((await run(['update', 'disk.img', 'new.tbu', '--dry-run', '-q'])).stderr).not.toContain(
      'nobody uses',
    );
  });
});
