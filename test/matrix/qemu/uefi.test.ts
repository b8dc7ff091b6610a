import { describe, it } from 'vitest';
import { consoleBoots, fewerConsoleBoots } from '../console-boots.ts';
import { expectSameChoices, moreBoots } from './boot-states.ts';

describe('the loader on OVMF', () => {
  it('does what the pure function does', () =>
    expectSameChoices('uefi', moreBoots().length > 0 ? consoleBoots : fewerConsoleBoots));
});
