import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Context } from '../../../../../src/cli/command.ts';
import { listenTo } from '../../../../../src/cli/commands/test/listeners.ts';
import { openReports, takesStdout } from '../../../../../src/cli/run-reports.ts';
import { ndjsonLine } from '../../../../../src/harness/report/ndjson.ts';
import { exampleRun } from '../../../../support/report/example-run.ts';
import { sink } from '../../host.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twinbank-listeners-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const run = exampleRun();
const lines = run.map(ndjsonLine).join('');

/** Plays a run to the listeners of `test --events OUT`; what standard output and people got. */
async function play(events?: string, { live = true, watch = false } = {}) {
  const stdout = sink();
  const notes: string[] = [];
  const context = {
    cwd: folder,
    stdout: stdout.stream,
    json: false,
    live,
    signal: new AbortController().signal,
    colors: createColors(false),
    report: (event: { text?: string }) => void notes.push(event.text ?? ''),
  } as unknown as Context;
  const files = openReports(context, { events });
  const stdoutIsFree = !takesStdout(files);
  const listeners = listenTo(context, { events: files.events, watch, stdoutIsFree }, folder);
  for (const event of run) listeners.hear(event);
  await listeners.close();
  return { stdout: stdout.text(), notes };
}

describe('the events of a run', () => {
  test('are all that standard output gets by -; people are told beside them', async () => {
    const { stdout, notes } = await play('-');
    expect(stdout).toBe(lines);
    expect(notes.join('\n')).toContain('first-boot');
  });

  test('go to a file in a new folder, and by a link to what it leads to', async () => {
    symlinkSync('sub/far.ndjson', join(folder, 'link'));
    expect((await play('sub/run.ndjson')).stdout).toContain('first-boot');
    await play('link');
    for (const name of ['run', 'far']) {
      expect(readFileSync(join(folder, `sub/${name}.ndjson`), 'utf8')).toBe(lines);
    }
    expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
  });

  test('go to the reader of a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const reader = spawn('cat', [join(folder, 'pipe')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    reader.stdout.on('data', (chunk) => chunks.push(chunk));
    await Promise.all([play('pipe'), once(reader, 'close')]);
    expect(Buffer.concat(chunks).toString()).toBe(lines);
  });

  test('that cannot be written are an error at the end', async () => {
    await expect(play('/dev/full')).rejects.toMatchObject({ kind: 'io', code: 'file.no-space' });
  });
});

describe('the steps of a run', () => {
  test('are a line each in a log, with verdict, time and finding', async () => {
    const { notes } = await play(undefined, { live: false });
    const steps = run.filter(({ type }) => type === 'step-end');
    expect(notes).toHaveLength(steps.length);
    expect(notes).toContain(
      'fallback-after-panic [firmware=bios disk=virtio fault=kernel-panic]: ✓ 2/5 update to 1.1.0  4.0 s  46.6 MiB written, read back',
    );
    expect(notes.filter((note) => note.includes('✕ 6/8 expect bank 5'))).toHaveLength(1);
  });

  test('are not told one by one on a terminal, which shows progress in place', async () => {
    expect((await play()).notes).toEqual([]);
  });
});
