import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { sweepTemporaryImages, temporaryName } from '../../../src/disk/temporary-image.ts';
import { ownerMark } from '../../../src/host/process-owner.ts';

it('removes what processes that are gone have left, and fails at nothing else of such a name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-sweep-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // No process has this number: it is beyond what Linux gives out.
  const gone = ownerMark().replace(/^\d+/, '4194305');
  const elsewhere = gone.replace(/-\w{4}-/, '-zzzz-');
  const name = (mark: string, end: string) => join(folder, `.twinbank-${mark}-${end}.partial`);
  const own = temporaryName(folder);
  for (const path of [name(gone, '00000000'), name(elsewhere, '00000001'), own])
    writeFileSync(path, '');
  mkdirSync(name(gone, '00000002'));
  await sweepTemporaryImages(folder);
  expect(readdirSync(folder).sort()).toEqual(
    [name(elsewhere, '00000001'), own, name(gone, '00000002')]
      .map((path) => path.slice(folder.length + 1))
      .sort(),
  );
});
