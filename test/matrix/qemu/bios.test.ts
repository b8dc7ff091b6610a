import { describe, it } from 'vitest';
import { consoleBoots } from '../console-boots.ts';
import { expectSameChoices } from './boot-states.ts';

describe('the loader on SeaBIOS', () => {
  it('does what the pure function does', () => expectSameChoices('bios', consoleBoots));
});
