import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../../../../src/runtime/system/command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'command-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a program of the bank', () => {
  it('ends with its code and both of its streams', async () => {
    expect(await runCommand('/bin/sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      code: 3,
      output: 'out\nerr',
    });
  });

  it('that is not there ends with 127', async () => {
    expect(await runCommand(join(folder, 'nothing'), [])).toMatchObject({ code: 127 });
  });

  it('that hangs is killed and left behind', async () => {
    const pidFile = join(folder, 'pid');
    const script = `echo $$ >${pidFile}; exec sleep 1000`;
    const end = await runCommand('/bin/sh', ['-c', script], { timeoutMs: 3000 });
    expect(end).toEqual({ code: 124, output: 'it did not end in 3 s' });
    const pid = readFileSync(pidFile, 'utf8').trim();
    while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate);
  });
});
