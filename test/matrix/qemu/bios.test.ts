import { describe, it } from 'vitest';
import { expectSameChoices } from './boot-states.ts';

describe('the loader on SeaBIOS', () => {
  it('does what the pure function does', () => expectSameChoices('bios'));
});
