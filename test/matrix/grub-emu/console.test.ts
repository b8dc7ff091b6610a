import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUp } from '../bank-state.ts';
import { consoleBoots } from '../console-boots.ts';
import { compareBoot } from './compare.ts';
import { type EmuDisk, emuDisk, endGrubEmus, hasGrubEmu, runGrubEmu } from './run.ts';

/** A pipe is neither line nor keyboard: the scenes of the one are enough. */
const scenes = consoleBoots.flatMap(({ title, presses = [], ...rest }) => {
  const keys = presses.flatMap(([after, key]) =>
    'serial' in key ? [[after, key.serial] as const] : [],
  );
  return keys.length === 0 ? [] : [{ title, keys, ...rest }];
});

describe.skipIf(!hasGrubEmu && !process.env.CI)('a person at the console of grub-emu', () => {
  let disk: EmuDisk;
  beforeAll(() => {
    disk = emuDisk([5, 6], { hiddenTimeout: 2, rescueTimeout: 30 });
  });
  afterAll(() => {
    endGrubEmus();
    disk.file.remove();
  });

  it.each(scenes)('$title', async ({ title, states, keys, person, rule }) => {
    const visit = { title, keys, ...(person && { person }) };
    const row = await compareBoot(disk, states, visit);
    expect(row.problem).toBe('');
    expect(row.rules).toContain(rule);
  });

  it('gets from the menu that GRUB draws itself no command line and no editor, only the contract', async () => {
    const drawn = emuDisk([5, 6], { hiddenTimeout: 30, rescueTimeout: 30 }, true);
    const valid = { marks: '00-' as const };
    const states = new Map([
      [5, valid],
      [6, valid],
    ]);
    setUp(drawn, drawn.work, states);
    drawn.file.set(drawn.work);
    const { lines, screen } = await runGrubEmu(drawn, [
      ['*start', 'c'],
      ['Enter username:', 'nobody\r'],
      ['Enter password:', '\r'],
      ['*start', 'e'],
      ['Enter username:', '\u001b'],
      ['*start', 'r'],
      // A menu inside a menu.
      ['*do not roll back', 'c'],
      ['Enter username:', 'root\r'],
      ['Enter password:', 'root\r'],
      ['*do not roll back', 'n'],
    ]);
    drawn.file.remove();
    expect(screen.match(/access denied/g)).toHaveLength(3);
    expect(screen).not.toMatch(/grub>|Minimum Emacs-like|setparams/);
    expect(lines.at(-1)).toMatch(/^twinbank: booting bank 5 /);
  });

  it('sees in the rescue prompt why, tries again with r, and reboots with b', async () => {
    const states = new Map([
      [5, { marks: '30R' as const }],
      [6, { marks: '00-' as const, damage: [{ what: 'headless' as const }] }],
    ]);
    setUp(disk, disk.work, states);
    disk.file.set(disk.work);
    const { lines } = await runGrubEmu(disk, [
      ['reboots by itself', 'r'],
      ['Press any key', ' '],
      ['reboots by itself', 'b'],
    ]);
    expect(lines.filter((line) => line === 'twinbank: rescue: bank 5: invalid')).toHaveLength(2);
    expect(lines).toContain('twinbank: rescue: bank 6: boot.cfg malformed (bootstate)');
    expect(lines.at(-1)).toBe('twinbank: rebooting');
  });
});
