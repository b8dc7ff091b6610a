import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { flashCommand } from '../../../src/flash/flash-command.ts';
import { smallImage } from '../bootloader/small-image.ts';

it('ends with a signal although the command has read everything and goes on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-flash-command-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const image = join(folder, 'x.img');
  writeFileSync(image, smallImage().bytes);
  const abort = new AbortController();
  let written = () => {};
  const isWritten = new Promise<void>((resolve) => {
    written = resolve;
  });
  const done = flashCommand({
    image,
    command: 'cat >/dev/null; exec sleep 4',
    cwd: folder,
    signal: abort.signal,
    report: (event) => {
      if (event.type === 'done' && event.task === 'write') written();
    },
  });
  await Promise.all([
    expect(done).rejects.toThrow('stop'),
    isWritten.then(() => setTimeout(100)).then(() => abort.abort(new Error('stop'))),
  ]);
});

it('runs the command in the folder that the caller is in', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'twinbank-flash-command-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const image = join(folder, 'x.img');
  writeFileSync(image, smallImage().bytes);
  await flashCommand({ image, command: 'cat >copy.img', cwd: folder, report: () => {} });
  expect(readFileSync(join(folder, 'copy.img')).equals(readFileSync(image))).toBe(true);
});
