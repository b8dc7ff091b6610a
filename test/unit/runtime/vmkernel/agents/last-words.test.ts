import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeProgram } from '../../../../../src/runtime/agents/agent.ts';
import { lastWords } from '../../../../../src/runtime/vmkernel/agents/last-words.ts';
import { temporaryFiles } from '../../../recipe/temporary-files.ts';

/** What is kept of a program that is started as an agent's is, and what the log has of it. */
function endOf(text: string) {
  const folder = temporaryFiles({ 'program.mjs': text });
  const args = nodeProgram('lamp', { heapMiB: 24 }).args({}).slice(0, -1);
  const program = [...args, join(folder, 'program.mjs')];
  const { stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  const logged: string[] = [];
  const words = lastWords((line) => void logged.push(line));
  for (const chunk of [stdout, stderr]) words.add(chunk);
  return { lines: words.take(), logged };
}

describe('K6: of what a world that ends said', () => {
  it('the stack of an exception that nobody caught is kept, and is in the log as well', () => {
    const { lines, logged } = endOf('console.log("on"); throw new Error("no bulb");');
    expect(lines).toEqual(expect.arrayContaining(['on', 'Error: no bulb']));
    expect(lines.join('\n')).toMatch(/at file:.*program\.mjs:1:\d+/);
    expect(logged).toEqual(lines);
  });

  it('what Node says of a heap that is full is kept', () => {
    const { lines } = endOf(
      'const kept = []; for (;;) kept.push(new Array(1000).fill(String(kept.length)));',
    );
    expect(lines.join('\n')).toContain('JavaScript heap out of memory');
  });

  it('no more is kept than the last lines, each cut', () => {
    const logged: string[] = [];
    const words = lastWords((line) => void logged.push(line));
    const long = 'x'.repeat(1000);
    for (let number = 0; number < 100; number++) words.add(`${number} ${long}\n`);
    const lines = words.take();
    expect([lines.length, logged.length]).toEqual([40, 100]);
    expect(lines[0]).toBe(`60 ${long}`.slice(0, 300));
    expect(words.take()).toEqual([]);
  });
});
