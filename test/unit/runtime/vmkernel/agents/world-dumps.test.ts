import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keepDump } from '../../../../../src/runtime/vmkernel/agents/world-dumps.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

describe('K6: the dumps of worlds', () => {
  const groups = temporaryFiles({
    'system/worlds/lamp/memory.peak': '100663296\n',
    'system/worlds/lamp/memory.events': 'oom_kill 1\n',
  });
  const end = (name: string, why: string) => ({ name, why, lines: ['it is dark'] });

  it('say how a world ended, what it took and what it said', () => {
    const folder = join(temporaryFiles({}), 'dumps');
    const places = { folder, groups, now: () => Date.UTC(2026, 0, 2) };
    keepDump(end('lamp', 'it ended with exit code 1'), places);
    expect(JSON.parse(readFileSync(join(folder, 'lamp-1.json'), 'utf8'))).toMatchObject({
      ...{ name: 'lamp', time: '2026-01-02T00:00:00.000Z', why: 'it ended with exit code 1' },
      usage: { memory: { peak: 96 << 20, ended: 1 } },
      lines: ['it is dark'],
    });
    // What a program says may be for nobody else.
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('are those of the first two ends of each world', () => {
    const folder = join(temporaryFiles({}), 'dumps');
    for (const why of ['first', 'second', 'third']) keepDump(end('lamp', why), { folder, groups });
    keepDump(end('cim', 'other'), { folder, groups });
    expect(readdirSync(folder).sort()).toEqual(['cim-1.json', 'lamp-1.json', 'lamp-2.json']);
    expect(readFileSync(join(folder, 'lamp-2.json'), 'utf8')).toContain('second');
  });
});
