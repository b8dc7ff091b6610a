import { expect, it } from 'vitest';
import { tellsSystemDown } from '../../../src/protocol/kernel-line.ts';

it.each([
  ['[   12.345678] reboot: Power down', true],
  ['reboot: System halted', true],
  ['twinbank: rebooting: asked for', false],
  ['[   12.3] reboot: Restarting system', false],
])('reads %j as the end of the system: %s', (line, expected) => {
  expect(tellsSystemDown(line)).toBe(expected);
});
