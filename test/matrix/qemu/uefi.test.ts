import { describe, it } from 'vitest';
import { expectSameChoices } from './boot-states.ts';

describe('the loader on OVMF', () => {
  it('does what the pure function does', () => expectSameChoices('uefi'));
});
