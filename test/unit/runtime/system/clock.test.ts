import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/runtime/system/clock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the clock', () => {
  it("adds what init measured to the kernel's uptime", () => {
    const files = { offset: join(folder, 'offset'), uptime: join(folder, 'uptime') };
    writeFileSync(files.uptime, '12.34 40.00\n');
    expect(systemClock(files).sincePowerOn()).toBe(12.34);
    writeFileSync(files.offset, '1017\n');
    expect(systemClock(files).sincePowerOn()).toBe(22.51);
    writeFileSync(files.offset, '');
    expect(systemClock(files).sincePowerOn()).toBe(12.34);
  });
});
