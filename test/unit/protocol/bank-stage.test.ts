import { describe, expect, it } from 'vitest';
import {
  confirmedDetail,
  notConfirmedDetail,
  tellsConfirmed,
} from '../../../src/protocol/bank-stage.ts';
import { consoleLine } from '../../../src/protocol/console-line.ts';
import { parseConsoleLine } from '../../../src/protocol/parse-console-line.ts';

const readsConfirmed = (stage: string, detail: string): boolean => {
  const event = parseConsoleLine(consoleLine({ type: 'stage', stage, at: '1.00', detail }));
  return event !== undefined && tellsConfirmed(event);
};

describe('the stage of the bank', () => {
  it('tells a bank that was confirmed, on whatever device', () => {
    expect(confirmedDetail('was a trial', '/dev/vda5')).toBe('confirmed /dev/vda5, was a trial');
    expect(readsConfirmed('bank', confirmedDetail('was a trial', '/dev/vda5'))).toBe(true);
    expect(readsConfirmed('bank', confirmedDetail('was a trial'))).toBe(true);
  });

  it('tells nothing of the kind of one that was not, nor of another stage', () => {
    expect(readsConfirmed('bank', notConfirmedDetail('it was INVALID'))).toBe(false);
    expect(readsConfirmed('bank', 'confirmedly odd')).toBe(false);
    expect(readsConfirmed('state', confirmedDetail('was a trial'))).toBe(false);
  });
});
